import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { uploadUrlResponse } from "../_shared/contract.ts";
import { startApi } from "./harness/api.ts";
import { DETAILS, putClip, speechClip } from "./harness/clone.ts";
import { withDatabase } from "./harness/database.ts";
import { assertError } from "./harness/errors.ts";
import { stack } from "./harness/stack.ts";
import { createSigningKeys, signUp } from "./harness/users.ts";

const keys = await createSigningKeys();
const user = await signUp();
const token = await keys.sign(user.id);

/** The project under the other name of this machine: another origin that reaches the same Storage. */
const PUBLIC_URL = stack.supabase_url.replace("127.0.0.1", "localhost");

Deno.test("the answer is exactly the three fields of the contract, and costs one request", async () => {
  await using api = await startApi({ keys });
  const answer = await api.call("POST", "/clone/upload-url", { token, body: DETAILS });
  assert.equal(answer.status, 200);
  const { voice_id, upload_url, object_key } = uploadUrlResponse.strict().parse(answer.body);
  assert.match(voice_id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(object_key, `${user.id}/${voice_id}/reference.wav`);
  const { origin, pathname, searchParams } = new URL(upload_url);
  assert.equal(origin, stack.supabase_url);
  assert.equal(pathname, `/storage/v1/object/upload/sign/references/${object_key}`);
  assert.deepEqual([...searchParams.keys()], ["token"]);
  assert.deepEqual(api.supabaseRequests, [{
    method: "POST",
    path: `/storage/v1/object/upload/sign/references/${object_key}`,
  }]);
  assert.deepEqual(api.logged, []);
});

Deno.test("the upload URL lies on the public origin, and a PUT there is stored as it was sent", async () => {
  await using api = await startApi({ keys, environment: { PUBLIC_SUPABASE_URL: PUBLIC_URL } });
  const answer = await api.call("POST", "/clone/upload-url", { token, body: DETAILS });
  const { voice_id, upload_url } = uploadUrlResponse.parse(answer.body);
  assert(upload_url.startsWith(`${PUBLIC_URL}/storage/v1/object/upload/sign/references/`));

  const clip = await speechClip();
  await putClip(upload_url, clip, "audio/x-wav");
  // A preview of the clip shows what Storage keeps.
  const key = `${user.id}/${voice_id}/reference.wav`;
  await withDatabase((sql) =>
    sql`insert into public.voices (id, user_id, name, reference_object_key)
        values (${voice_id}, ${user.id}, 'Grace', ${key})`
  );
  const kept = async () => {
    const preview = await api.call("GET", `/voices/${voice_id}/preview`, { token });
    const response = await fetch(preview.headers.get("location") ?? "");
    assert.equal(response.headers.get("content-type"), "audio/x-wav");
    return Buffer.from(await response.arrayBuffer());
  };
  assert((await kept()).equals(clip));

  const again = await fetch(upload_url, {
    method: "PUT",
    headers: { "Content-Type": "audio/wav" },
    body: new Uint8Array([1, 2, 3]),
  });
  assert.equal(again.status, 400);
  assert.match(await again.text(), /KeyAlreadyExists/);
  assert((await kept()).equals(clip));
});

Deno.test("the URL is good for its own object alone, and for the types of the bucket", async () => {
  await using api = await startApi({ keys });
  const ask = async () => {
    const answer = await api.call("POST", "/clone/upload-url", { token, body: DETAILS });
    return uploadUrlResponse.parse(answer.body);
  };
  const put = async (url: string, type: string) => {
    const response = await fetch(url, { method: "PUT", headers: { "Content-Type": type }, body: "abc" });
    await response.body?.cancel();
    return response.status;
  };
  const [first, second] = [await ask(), await ask()];
  assert.equal(await put(first.upload_url.replace(first.voice_id, second.voice_id), "audio/wav"), 400);
  assert.equal(await put(first.upload_url, "text/html"), 400);
  assert.equal(await put(first.upload_url, "audio/mpeg"), 200);
});

Deno.test("every call gives another voice, even to the same user with the same words", async () => {
  await using api = await startApi({ keys });
  const other = await keys.sign((await signUp()).id);
  const answers = await Promise.all(
    [token, token, token, other].map((asking) =>
      api.call("POST", "/clone/upload-url", { token: asking, body: DETAILS })
    ),
  );
  const given = answers.map(({ body }) => uploadUrlResponse.parse(body));
  assert.equal(new Set(given.map(({ voice_id }) => voice_id)).size, 4);
  assert.equal(new Set(given.map(({ upload_url }) => upload_url)).size, 4);
  assert.equal(new Set(given.map(({ object_key }) => object_key.split("/")[0])).size, 2);
});

Deno.test("a user's id is the same key in upper case", async () => {
  await using api = await startApi({ keys });
  const upper = await keys.sign(user.id.toUpperCase());
  const answer = await api.call("POST", "/clone/upload-url", { token: upper, body: DETAILS });
  const { object_key, voice_id } = uploadUrlResponse.parse(answer.body);
  assert.equal(object_key, `${user.id}/${voice_id}/reference.wav`);
});

Deno.test("when Storage fails, the answer is 503 storage_unavailable and tells nothing of it", async () => {
  for (const status of [400, 401, 500, 503]) {
    await using storage = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () =>
        Response.json({ statusCode: String(status), error: "Internal", message: "internal detail" }, {
          status,
        }),
    );
    const url = `http://127.0.0.1:${storage.addr.port}`;
    await using api = await startApi({
      keys,
      environment: { SUPABASE_URL: url, PUBLIC_SUPABASE_URL: stack.supabase_url },
    });
    const answer = await api.call("POST", "/clone/upload-url", { token, body: DETAILS });
    const detail = "The audio storage is not available right now. Try again shortly.";
    assertError(answer, 503, "storage_unavailable", detail);
    assert.equal(answer.headers.get("retry-after"), "5");
    assert.equal(api.events("request.failed").length, 1);
  }
});

Deno.test("a redirect is not followed with the secret key", async () => {
  let asked = 0;
  await using elsewhere = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    asked++;
    return Response.json({ url: "/object/upload/sign/references/x?token=y", token: "y" });
  });
  const away = `http://127.0.0.1:${elsewhere.addr.port}/`;
  await using supabase = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => Response.redirect(away, 307),
  );
  const url = `http://127.0.0.1:${supabase.addr.port}`;
  await using api = await startApi({ keys, environment: { SUPABASE_URL: url } });
  const other = await keys.sign(crypto.randomUUID(), { iss: `${url}/auth/v1` });
  const answer = await api.call("POST", "/clone/upload-url", { token: other, body: DETAILS });
  assertError(answer, 503, "storage_unavailable");
  assert.equal(asked, 0);
});
