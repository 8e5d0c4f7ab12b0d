import assert from "node:assert/strict";
import { z } from "zod";
import { withDatabase } from "../../../tools/testkit/harness/database.ts";
import { stack } from "../../../tools/testkit/harness/stack.ts";
import { signUp } from "../../../tools/testkit/harness/users.ts";
import { saveVoices } from "../../../tools/testkit/harness/voices.ts";

const user = await signUp();
const other = await signUp();
const [own = "", deleted = "", foreign = ""] = await withDatabase(async (sql) => [
  ...await saveVoices(sql, user.id, [{ name: "own" }, {
    name: "deleted",
    deleted_at: "2026-11-22T10:00:00Z",
  }]),
  ...await saveVoices(sql, other.id, [{ name: "foreign" }]),
]);

/** What the caller of the REST interface may present: a user's token, or the publishable key alone. */
const CALLERS = { user: user.accessToken, nobody: undefined };

/** One request past the function, with the public key and a user's own token, as any browser could send it. */
async function rest(
  path: string,
  options: { token?: string | undefined; method?: string; body?: unknown; headers?: Record<string, string> } =
    {},
) {
  const response = await fetch(`${stack.supabase_url}/rest/v1/${path}`, {
    method: options.method ?? "GET",
    headers: {
      apikey: stack.publishable_key,
      ...(options.token ? { Authorization: `Bearer ${options.token}` } : {}),
      "Content-Type": "application/json",
      ...options.headers,
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
  const text = await response.text();
  const body: unknown = text ? JSON.parse(text) : null;
  return { status: response.status, body };
}

const failure = z.object({ code: z.string() });

async function assertDenied(answer: ReturnType<typeof rest>, ...codes: string[]): Promise<void> {
  const { status, body } = await answer;
  assert(status === 401 || status === 403 || status === 404 || status === 406, `status ${status}`);
  assert(codes.includes(failure.parse(body).code), JSON.stringify(body));
}

/** All rows of these tests, as they stand. */
const rows = () =>
  withDatabase((sql) =>
    sql`select id, user_id, name, deleted_at from public.voices where user_id in (${user.id}, ${other.id}) order by id`
  );

Deno.test("over REST a user reads own live voices and no others; without a sign-in nobody reads any", async () => {
  const { token } = { token: CALLERS.user };
  const seen = await rest("voices?select=id", { token });
  assert.deepEqual([seen.status, seen.body], [200, [{ id: own }]]);
  for (const id of [deleted, foreign]) {
    assert.deepEqual((await rest(`voices?select=id&id=eq.${id}`, { token })).body, []);
  }
  await assertDenied(rest("voices?select=id"), "42501");
});

for (const [caller, token] of Object.entries(CALLERS)) {
  Deno.test(`over REST ${caller === "user" ? "a user" : caller} can insert, change and remove no voice`, async () => {
    const before = await rows();
    const body = { user_id: user.id, name: "mine" };
    await assertDenied(rest("voices", { token, method: "POST", body }), "42501");
    const upsert = { Prefer: "resolution=merge-duplicates" };
    await assertDenied(
      rest("voices", { token, method: "POST", body: { ...body, id: own }, headers: upsert }),
      "42501",
    );
    for (const id of [own, deleted, foreign]) {
      await assertDenied(
        rest(`voices?id=eq.${id}`, { token, method: "PATCH", body: { name: "other" } }),
        "42501",
      );
      await assertDenied(
        rest(`voices?id=eq.${id}`, { token, method: "PATCH", body: { deleted_at: null } }),
        "42501",
      );
      await assertDenied(rest(`voices?id=eq.${id}`, { token, method: "DELETE" }), "42501");
    }
    assert.deepEqual(await rows(), before);
  });

  Deno.test(`over REST ${caller === "user" ? "a user" : caller} can call none of the functions`, async () => {
    const functions = await withDatabase((sql) =>
      sql<{ name: string; parameters: string[]; types: string[] }[]>`
        select p.proname as name, coalesce(p.proargnames[1:p.pronargs], '{}') as parameters,
          array(select t::regtype::text from unnest(p.proargtypes) as t) as types
        from pg_proc as p where p.pronamespace = 'public'::regnamespace order by 1`
    );
    const names = functions.map(({ name }) => name);
    for (
      const known of ["clone_claim", "clone_sending", "clone_release", "clone_unresolved", "clone_complete"]
    ) {
      assert(names.includes(known), known);
    }
    const samples: Record<string, unknown> = {
      uuid: crypto.randomUUID(),
      jsonb: {},
      boolean: true,
      "text[]": ["1"],
      "timestamp with time zone": new Date().toISOString(),
    };
    const sample = (type: string) => samples[type] ?? "1";
    for (const { name, parameters, types } of functions) {
      const body = Object.fromEntries(
        parameters.map((parameter, index) => [parameter, sample(types[index] ?? "")]),
      );
      await assertDenied(rest(`rpc/${name}`, { token, method: "POST", body }), "42501");
    }
  });

  Deno.test(`over REST ${caller === "user" ? "a user" : caller} sees nothing of the schema private`, async () => {
    for (const table of ["voice_enrollments", "orphaned_voices", "clone_sendings"]) {
      await assertDenied(rest(table, { token, headers: { "Accept-Profile": "private" } }), "PGRST106");
      await assertDenied(rest(table, { token }), "PGRST205");
      await assertDenied(rest(`private.${table}`, { token }), "PGRST205");
      const insert = { token, method: "POST", body: {}, headers: { "Content-Profile": "private" } };
      await assertDenied(rest(table, insert), "PGRST106");
    }
  });
}
