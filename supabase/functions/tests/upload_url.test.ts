import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import { createUploadUrl } from "../_shared/contract/create_upload_url.ts";
import {
  type Api,
  askForUpload,
  assertError,
  putClip,
  startApi,
} from "../../../tools/testkit/harness/api.ts";
import {
  keys,
  newUser,
  OTHER_ORIGIN,
  saveVoices,
  signUp,
  sql,
  stack,
} from "../../../tools/testkit/harness/project.ts";
import { DETAILS, speechClip } from "../../../tools/testkit/harness/reference.ts";

const user = await newUser();
const { token } = user;
const NO_STORAGE = "The audio storage is not available right now. Try again shortly.";

const ask = (api: Api, by = token) => api.call("POST", "/clone/upload-url", { token: by, body: DETAILS });

Deno.test("the answer is exactly the three fields of the contract, and costs two requests, at once", async () => {
  let underWay = 0;
  const most: number[] = [];
  await using api = await startApi({
    keys,
    intercept: async (_path, send) => {
      most.push(++underWay);
      return await send().finally(() => underWay--);
    },
  });
  const answer = await ask(api);
  assert.equal(answer.status, 200);
  const { voice_id, upload_url, object_key } = createUploadUrl.answer.schema().strict().parse(answer.body);
  assert.match(voice_id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(object_key, `${user.id}/${voice_id}/reference.wav`);
  const { origin, pathname, searchParams } = new URL(upload_url);
  assert.equal(origin, stack.supabase_url);
  assert.equal(pathname, `/storage/v1/object/upload/sign/references/${object_key}`);
  assert.deepEqual([...searchParams.keys()], ["token"]);
  assert.deepEqual(most, [1, 2]);
  assert.deepEqual(api.asked(), [
    `POST /storage/v1/object/upload/sign/references/${object_key}`,
    "POST /rest/v1/rpc/upload_url_take",
  ]);
  assert.deepEqual(api.logged, []);
});

Deno.test("the upload URL lies on the public origin, and a PUT there is stored as it was sent", async () => {
  await using api = await startApi({ keys, environment: { PUBLIC_SUPABASE_URL: OTHER_ORIGIN } });
  const { voice_id, upload_url, object_key } = await askForUpload(api, token);
  assert(upload_url.startsWith(`${OTHER_ORIGIN}/storage/v1/object/upload/sign/references/`));

  const clip = await speechClip();
  await putClip(upload_url, clip, "audio/x-wav");
  // A preview of the clip shows what Storage keeps.
  await saveVoices(user.id, { id: voice_id, reference_object_key: object_key });
  const kept = async () => {
    const preview = await api.call("GET", `/voices/${voice_id}/preview`, { token });
    const response = await fetch(preview.headers.get("location") ?? "");
    assert.equal(response.headers.get("content-type"), "audio/x-wav");
    return Buffer.from(await response.arrayBuffer());
  };
  assert((await kept()).equals(clip));

  const headers = { "Content-Type": "audio/wav" };
  const again = await fetch(upload_url, { method: "PUT", headers, body: new Uint8Array([1, 2, 3]) });
  assert.equal(again.status, 400);
  assert.match(await again.text(), /KeyAlreadyExists/);
  assert((await kept()).equals(clip));
});

Deno.test("the URL is good for its own object alone, and for the types of the bucket", async () => {
  await using api = await startApi({ keys });
  const put = async (url: string, type: string) => {
    const response = await fetch(url, { method: "PUT", headers: { "Content-Type": type }, body: "abc" });
    await response.body?.cancel();
    return response.status;
  };
  const [first, second] = [await askForUpload(api, token), await askForUpload(api, token)];
  assert.equal(await put(first.upload_url.replace(first.voice_id, second.voice_id), "audio/wav"), 400);
  assert.equal(await put(first.upload_url, "text/html"), 400);
  assert.equal(await put(first.upload_url, "audio/mpeg"), 200);
});

Deno.test("every call gives another voice, even to the same user with the same words", async () => {
  await using api = await startApi({ keys });
  const { token: other } = await newUser();
  const given = await Promise.all([token, token, token, other].map((asking) => askForUpload(api, asking)));
  assert.equal(new Set(given.map(({ voice_id }) => voice_id)).size, 4);
  assert.equal(new Set(given.map(({ upload_url }) => upload_url)).size, 4);
  assert.equal(new Set(given.map(({ object_key }) => object_key.split("/")[0])).size, 2);
});

Deno.test("a user's id is the same key in upper case", async () => {
  await using api = await startApi({ keys });
  const upper = await keys.sign(user.id.toUpperCase());
  const { object_key, voice_id } = await askForUpload(api, upper);
  assert.equal(object_key, `${user.id}/${voice_id}/reference.wav`);
});

Deno.test("when Storage fails, the answer is 503 storage_unavailable and tells nothing of it", async () => {
  for (const status of [400, 401, 500, 503]) {
    const failure = { statusCode: String(status), error: "Internal", message: "internal detail" };
    await using api = await startApi({
      keys,
      intercept: (path) => path.startsWith("/storage/") ? Response.json(failure, { status }) : undefined,
    });
    assertError(await ask(api), 503, "storage_unavailable", NO_STORAGE, { "retry-after": "5" });
    assert.equal(api.events("request.failed").length, 1);
  }
});

async function takeOne(userId: string, perHour: number) {
  const [row] = await sql`select public.upload_url_take(${userId}, ${perHour}) as answer`;
  return z.object({ outcome: z.string(), seconds: z.number().optional() }).parse(row?.answer);
}

/** As if the last upload URL had been taken so many seconds earlier. */
const earlier = (userId: string, seconds: number) =>
  sql`update private.upload_allowances set full_at = full_at - make_interval(secs => ${seconds})
    where user_id = ${userId}`;

Deno.test("a user may have so many upload URLs an hour, others are none the worse, and no URL is given beyond", async () => {
  await using api = await startApi({ keys, environment: { UPLOAD_URL_LIMIT_PER_HOUR: "3" } });
  const busy = await newUser();
  const askBusy = () => ask(api, busy.token);
  const answers = await Promise.all(Array.from({ length: 5 }, askBusy));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 200, 429, 429]);
  const refused = answers.find(({ status }) => status === 429);
  assert(refused);
  assertError(refused, 429, "rate_limited", "You have asked for too many uploads. Try again later.");
  const seconds = Number(refused.headers.get("retry-after"));
  assert(seconds > 1_100 && seconds <= 1_200, `${seconds}`);
  assert.equal((await ask(api)).status, 200);

  await earlier(busy.id, 1_190);
  assert.equal((await askBusy()).status, 429);
  await earlier(busy.id, 10);
  assert.equal((await askBusy()).status, 200);
  assert.equal((await askBusy()).status, 429);
});

Deno.test("the allowance is whole after an hour, whatever its size, and never more than whole", async () => {
  const property = fc.asyncProperty(fc.integer({ min: 1, max: 40 }), async (perHour) => {
    const { id } = await signUp();
    const takeAll = async () => {
      for (let taken = 0;; taken++) {
        if ((await takeOne(id, perHour)).outcome !== "allowed") return taken;
      }
    };
    for (const seconds of [0, 3_600, 1_000_000]) {
      await earlier(id, seconds);
      assert.equal(await takeAll(), perHour);
    }
  });
  await fc.assert(property, { numRuns: 12 });
});

Deno.test("a refused request costs nothing, and asking does not put off the next URL", async () => {
  const { id } = await signUp();
  assert.deepEqual(await takeOne(id, 1), { outcome: "allowed" });
  const [first, second] = [await takeOne(id, 1), await takeOne(id, 1)];
  assert.equal(first.outcome, "limited");
  assert((second.seconds ?? Infinity) <= (first.seconds ?? 0));
});
