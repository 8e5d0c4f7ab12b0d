// The tables and functions past the function: over REST, as any browser could ask with the public key.
import assert from "node:assert/strict";
import { z } from "zod";
import {
  askProject,
  type BrowserRequest,
  saveVoices,
  signUp,
  sql,
} from "../../../tools/testkit/harness/project.ts";

const [user, other] = [await signUp(), await signUp()];
const gone = { name: "deleted", deleted_at: "2026-11-22T10:00:00Z" };
const [own = "", deleted = ""] = await saveVoices(user.id, { name: "own" }, gone);
const [foreign = ""] = await saveVoices(other.id, { name: "foreign" });

const rest = (path: string, request: BrowserRequest = {}) => askProject(`/rest/v1/${path}`, request);

const failure = z.object({ code: z.string() });

async function assertDenied(path: string, request: BrowserRequest = {}, denied = "42501"): Promise<void> {
  const { status, body } = await rest(path, request);
  assert([401, 403, 404, 406].includes(status), `status ${status}`);
  assert.equal(failure.parse(body).code, denied, JSON.stringify(body));
}

const rows = () =>
  sql`select id, user_id, name, deleted_at from public.voices where user_id in (${user.id}, ${other.id}) order by id`;

Deno.test("over REST a user reads own live voices and no others; without a sign-in nobody reads any", async () => {
  const token = user.accessToken;
  const seen = await rest("voices?select=id", { token });
  assert.deepEqual([seen.status, seen.body], [200, [{ id: own }]]);
  for (const id of [deleted, foreign]) {
    assert.deepEqual((await rest(`voices?select=id&id=eq.${id}`, { token })).body, []);
  }
  await assertDenied("voices?select=id");
});

for (const [caller, token] of Object.entries({ "a user": user.accessToken, nobody: undefined })) {
  Deno.test(`over REST ${caller} can insert, change and remove no voice`, async () => {
    const before = await rows();
    const body = { user_id: user.id, name: "mine" };
    const headers = { Prefer: "resolution=merge-duplicates" };
    await assertDenied("voices", { token, method: "POST", body });
    await assertDenied("voices", { token, method: "POST", body: { ...body, id: own }, headers });
    for (const id of [own, deleted, foreign]) {
      for (const change of [{ name: "other" }, { deleted_at: null }]) {
        await assertDenied(`voices?id=eq.${id}`, { token, method: "PATCH", body: change });
      }
      await assertDenied(`voices?id=eq.${id}`, { token, method: "DELETE" });
    }
    assert.deepEqual(await rows(), before);
  });

  Deno.test(`over REST ${caller} can call none of the functions`, async () => {
    const functions = await sql<{ name: string; parameters: string[]; types: string[] }[]>`
      select p.proname as name, coalesce(p.proargnames[1:p.pronargs], '{}') as parameters,
        array(select t::regtype::text from unnest(p.proargtypes) as t) as types
      from pg_proc as p where p.pronamespace = 'public'::regnamespace order by 1`;
    for (const known of ["claim", "sending", "release", "unresolved", "complete"]) {
      assert(functions.some(({ name }) => name === `clone_${known}`), known);
    }
    const samples: Record<string, unknown> = {
      ...{ uuid: crypto.randomUUID(), jsonb: {}, boolean: true, "text[]": ["1"] },
      "timestamp with time zone": new Date().toISOString(),
    };
    for (const { name, parameters, types } of functions) {
      const given = parameters.map((parameter, index) => [parameter, samples[types[index] ?? ""] ?? "1"]);
      await assertDenied(`rpc/${name}`, { token, method: "POST", body: Object.fromEntries(given) });
    }
  });

  Deno.test(`over REST ${caller} sees nothing of the schema private`, async () => {
    for (const table of ["voice_enrollments", "orphaned_voices", "clone_sendings"]) {
      await assertDenied(table, { token, headers: { "Accept-Profile": "private" } }, "PGRST106");
      await assertDenied(table, { token }, "PGRST205");
      await assertDenied(`private.${table}`, { token }, "PGRST205");
      const insert = { token, method: "POST", body: {}, headers: { "Content-Profile": "private" } };
      await assertDenied(table, insert, "PGRST106");
    }
  });
}
