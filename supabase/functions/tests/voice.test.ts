import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { decodeJwt } from "jose";
import { startApi } from "../../../tools/testkit/harness/api.ts";
import { askForUpload, putClip, speechClip, upload } from "../../../tools/testkit/harness/clone.ts";
import { voiceCreated, withDashScope } from "../../../tools/testkit/harness/dashscope.ts";
import { withDatabase } from "../../../tools/testkit/harness/database.ts";
import { assertError } from "../../../tools/testkit/harness/errors.ts";
import { stack } from "../../../tools/testkit/harness/stack.ts";
import { createSigningKeys, signUp } from "../../../tools/testkit/harness/users.ts";
import { saveVoices } from "../../../tools/testkit/harness/voices.ts";

const keys = await createSigningKeys();
const user = await signUp();
const token = await keys.sign(user.id);
const PUBLIC_URL = stack.supabase_url.replace("127.0.0.1", "localhost");

const [foreign = "", deleted = "", bare = "", lost = ""] = await withDatabase(async (sql) => [
  ...await saveVoices(sql, (await signUp()).id, [{}]),
  ...await saveVoices(sql, user.id, [
    { deleted_at: "2026-11-22T10:00:00Z", reference_object_key: "deleted/reference.wav" },
    { reference_object_key: null },
    { reference_object_key: `${user.id}/${crypto.randomUUID()}/reference.wav` },
  ]),
]);

/** Ids that name no voice of this user. */
const NOBODYS = [
  foreign,
  crypto.randomUUID(),
  "not-a-uuid",
  "1",
  "%20",
  "..%2Fother",
  `${foreign}0`,
  "%00",
  "null",
];

Deno.test("a preview redirects to a signed URL of the clip on the public origin, good for an hour", async () => {
  await using api = await startApi({ keys, environment: { PUBLIC_SUPABASE_URL: PUBLIC_URL } });
  const { voice_id, upload_url, object_key } = await askForUpload(api, token);
  const clip = await speechClip();
  await putClip(upload_url, clip);
  await withDatabase((sql) => saveVoices(sql, user.id, [{ id: voice_id, reference_object_key: object_key }]));
  api.supabaseRequests.length = 0;
  const answer = await api.call("GET", `/voices/${voice_id.toUpperCase()}/preview`, { token });
  assert.equal(answer.status, 302);
  const location = answer.headers.get("location") ?? "";
  assert(location.startsWith(`${PUBLIC_URL}/storage/v1/object/sign/references/${object_key}?token=`));
  const { exp = 0, iat = 0 } = decodeJwt(new URL(location).searchParams.get("token") ?? "");
  assert.equal(exp - iat, 3600);
  assert.deepEqual(api.supabaseRequests, [
    { method: "GET", path: "/rest/v1/voices" },
    { method: "POST", path: `/storage/v1/object/sign/references/${object_key}` },
  ]);
  const heard = await fetch(location);
  assert(Buffer.from(await heard.arrayBuffer()).equals(clip));
});

Deno.test("a preview of anybody's, of none, of a deleted voice and of one without a clip is 404", async () => {
  await using api = await startApi({ keys });
  for (const id of [...NOBODYS, deleted, bare, lost]) {
    assertError(
      await api.call("GET", `/voices/${id}/preview`, { token }),
      404,
      "not_found",
      "Voice not found.",
    );
  }
});

Deno.test("a delete is soft, may be repeated, and asks the provider nothing", async () => {
  await using api = await startApi({ keys });
  const { body, objectKey } = await upload(api, token);
  await withDashScope([voiceCreated()], async (calls) => {
    assert.equal((await api.call("POST", "/clone/finalize", { token, body })).status, 200);
    const row = (columns: string) =>
      withDatabase(async (sql) =>
        (await sql.unsafe(`select ${columns} from public.voices where id = $1`, [body.voice_id]))[0]
      );
    const kept = "name, reference_object_key, reference_transcript, provider_voice_id, provider_metadata";
    const before = await row(kept);
    assert.equal(before?.reference_object_key, objectKey);

    for (const requests of [1, 2, 2]) {
      api.supabaseRequests.length = 0;
      const answer = await api.call("DELETE", `/voices/${body.voice_id}`, { token });
      assert.deepEqual([answer.status, answer.body], [200, { ok: true }]);
      assert.equal(api.supabaseRequests.length, requests);
    }
    assert.deepEqual(await row(kept), before);
    assertError(await api.call("GET", `/voices/${body.voice_id}/preview`, { token }), 404, "not_found");
    assert.equal(calls.length, 1);
  });
});

Deno.test("a repeated delete keeps the time of the first", async () => {
  await using api = await startApi({ keys });
  assert.equal((await api.call("DELETE", `/voices/${deleted.toUpperCase()}`, { token })).status, 200);
  const [row] = await withDatabase((sql) => sql`select deleted_at from public.voices where id = ${deleted}`);
  assert.deepEqual(row?.deleted_at, new Date("2026-11-22T10:00:00Z"));
});

Deno.test("a delete of a foreign, unknown or impossible id is 404 and changes nothing", async () => {
  await using api = await startApi({ keys });
  for (const id of NOBODYS) {
    assertError(await api.call("DELETE", `/voices/${id}`, { token }), 404, "not_found", "Voice not found.");
  }
  const [row] = await withDatabase((sql) => sql`select deleted_at from public.voices where id = ${foreign}`);
  assert.equal(row?.deleted_at, null);
});

Deno.test("when the database is away, each route of voices is 503 database_unavailable, and nothing is asked twice", async () => {
  let asked = 0;
  await using database = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    asked++;
    return Response.json({ code: "PGRST001", message: "internal detail" }, { status: 503 });
  });
  const closed = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response());
  await closed.shutdown();
  const id = crypto.randomUUID();
  const routes = [["GET", "/voices"], ["GET", `/voices/${id}/preview`], ["DELETE", `/voices/${id}`]] as const;
  for (const { addr: { port } } of [database, closed]) {
    const environment = {
      SUPABASE_URL: `http://127.0.0.1:${port}`,
      PUBLIC_SUPABASE_URL: stack.supabase_url,
    };
    await using api = await startApi({ keys, environment });
    for (const [method, path] of routes) {
      const answer = await api.call(method, path, { token });
      const detail = "The database is not available right now. Try again shortly.";
      assertError(answer, 503, "database_unavailable", detail);
      assert.equal(answer.headers.get("retry-after"), "5");
    }
  }
  assert.equal(asked, routes.length);
});

Deno.test("a preview never signs a clip outside its user's own folder, whatever the row says", async () => {
  await using api = await startApi({ keys });
  const other = await signUp();
  const { object_key } = await askForUpload(api, await keys.sign(other.id));
  const planted = [
    object_key,
    `${user.id}/../${object_key}`,
    `${user.id}/..%2f${object_key}`,
    `../vault/secret.txt`,
    `${user.id}//${object_key}`,
    `${user.id}`,
    "",
  ];
  const ids = await withDatabase((sql) =>
    saveVoices(sql, user.id, planted.map((reference_object_key) => ({ reference_object_key })))
  );
  api.supabaseRequests.length = 0;
  for (const id of ids) {
    assertError(
      await api.call("GET", `/voices/${id}/preview`, { token }),
      404,
      "not_found",
      "Voice not found.",
    );
  }
  assert(api.supabaseRequests.every(({ path }) => path === "/rest/v1/voices"));
});
