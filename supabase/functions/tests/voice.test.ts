import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { decodeJwt } from "jose";
import { askForUpload, assertError, putClip, startApi } from "../../../tools/testkit/harness/api.ts";
import { voiceCreated } from "../../../tools/testkit/harness/dashscope.ts";
import { asked, readyToFinalize } from "../../../tools/testkit/harness/finalizing.ts";
import {
  keys,
  newUser,
  OTHER_ORIGIN,
  saveVoices,
  signUp,
  sql,
} from "../../../tools/testkit/harness/project.ts";
import { speechClip } from "../../../tools/testkit/harness/reference.ts";

const user = await newUser();
const { token } = user;
const NOT_FOUND = [404, "not_found", "Voice not found."] as const;

const [foreign = ""] = await saveVoices((await signUp()).id, {});
const [deleted = "", bare = "", lost = ""] = await saveVoices(
  user.id,
  { deleted_at: "2026-11-22T10:00:00Z", reference_object_key: "deleted/reference.wav" },
  { reference_object_key: null },
  { reference_object_key: `${user.id}/${crypto.randomUUID()}/reference.wav` },
);

const NOBODYS = [
  ...[foreign, `${foreign}0`, crypto.randomUUID(), "not-a-uuid", "1", "null"],
  ...["%20", "%00", "..%2Fother"],
];

const deletedAt = async (id: string): Promise<Date | null> =>
  (await sql`select deleted_at from public.voices where id = ${id}`)[0]?.deleted_at;

Deno.test("a preview redirects to a signed URL of the clip on the public origin, good for an hour", async () => {
  await using api = await startApi({ keys, environment: { PUBLIC_SUPABASE_URL: OTHER_ORIGIN } });
  const { voice_id, upload_url, object_key } = await askForUpload(api, token);
  const clip = await speechClip();
  await putClip(upload_url, clip);
  await saveVoices(user.id, { id: voice_id, reference_object_key: object_key });
  api.supabaseRequests.length = 0;
  const answer = await api.call("GET", `/voices/${voice_id.toUpperCase()}/preview`, { token });
  assert.equal(answer.status, 302);
  const location = answer.headers.get("location") ?? "";
  assert(location.startsWith(`${OTHER_ORIGIN}/storage/v1/object/sign/references/${object_key}?token=`));
  const { exp = 0, iat = 0 } = decodeJwt(new URL(location).searchParams.get("token") ?? "");
  assert.equal(exp - iat, 3600);
  const signing = `POST /storage/v1/object/sign/references/${object_key}`;
  assert.deepEqual(api.asked(), ["GET /rest/v1/voices", signing]);
  const heard = await fetch(location);
  assert(Buffer.from(await heard.arrayBuffer()).equals(clip));
});

Deno.test("a preview of anybody's, of none, of a deleted voice and of one without a clip is 404", async () => {
  await using api = await startApi({ keys });
  for (const id of [...NOBODYS, deleted, bare, lost]) {
    assertError(await api.call("GET", `/voices/${id}/preview`, { token }), ...NOT_FOUND);
  }
});

Deno.test("a delete is soft, may be repeated, and asks the provider nothing", async () => {
  await using ready = await readyToFinalize();
  const { api, voiceId } = ready;
  const call = (method: string, path: string) => api.call(method, path, { token: ready.token });
  await asked([["create", voiceCreated()]], async () => {
    assert.equal((await ready.finalize()).status, 200);
    const kept = async () =>
      (await sql`select name, reference_object_key, reference_transcript, provider_voice_id, provider_metadata
        from public.voices where id = ${voiceId}`)[0];
    const before = await kept();
    assert.equal(before?.reference_object_key, ready.objectKey);

    for (const requests of [1, 2, 2]) {
      api.supabaseRequests.length = 0;
      const answer = await call("DELETE", `/voices/${voiceId}`);
      assert.deepEqual([answer.status, answer.body], [200, { ok: true }]);
      assert.equal(api.supabaseRequests.length, requests);
    }
    assert.deepEqual(await kept(), before);
    assertError(await call("GET", `/voices/${voiceId}/preview`), ...NOT_FOUND);
  });
});

Deno.test("a repeated delete keeps the time of the first", async () => {
  await using api = await startApi({ keys });
  assert.equal((await api.call("DELETE", `/voices/${deleted.toUpperCase()}`, { token })).status, 200);
  assert.deepEqual(await deletedAt(deleted), new Date("2026-11-22T10:00:00Z"));
});

Deno.test("a delete of a foreign, unknown or impossible id is 404 and changes nothing", async () => {
  await using api = await startApi({ keys });
  for (const id of NOBODYS) {
    assertError(await api.call("DELETE", `/voices/${id}`, { token }), ...NOT_FOUND);
  }
  assert.equal(await deletedAt(foreign), null);
});

Deno.test("a preview never signs a clip outside its user's own folder, whatever the row says", async () => {
  await using api = await startApi({ keys });
  const { object_key } = await askForUpload(api, (await newUser()).token);
  const planted = [
    ...[object_key, "../vault/secret.txt", user.id, ""],
    ...["/../", "/..%2f", "//"].map((way) => user.id + way + object_key),
  ];
  const ids = await saveVoices(user.id, ...planted.map((key) => ({ reference_object_key: key })));
  api.supabaseRequests.length = 0;
  for (const id of ids) {
    assertError(await api.call("GET", `/voices/${id}/preview`, { token }), ...NOT_FOUND);
  }
  assert(api.supabaseRequests.every(({ path }) => path === "/rest/v1/voices"));
});
