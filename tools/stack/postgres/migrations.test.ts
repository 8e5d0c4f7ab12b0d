// The migrations on an empty project and on one that has the older flow, run by `postgres`, who is no superuser.
import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import { type Database, openDatabase } from "./database.ts";
import { applyMigrations } from "./migrations.ts";
import { ALICE, BOB, olderFlow } from "../../testkit/pgtap/projects_before.ts";
import type { StackRecord } from "../stack_record.ts";
import { withTemporaryStack } from "../temporary_stack.ts";
import { repository } from "../repository.ts";
import { as, finalSchema, USER_ACTIONS } from "./project_schema.ts";

const folder = join(repository, "supabase", "migrations");
const GONE = "00000000-0000-4000-8000-00000000000c";

/** A project without any of our migrations. */
async function withEmptyProject(use: (record: StackRecord) => Promise<void>): Promise<void> {
  const elsewhere = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(elsewhere, "supabase", "migrations"), { recursive: true });
    await withTemporaryStack(elsewhere, use);
  } finally {
    await Deno.remove(elsewhere, { recursive: true });
  }
}

async function withOwner<Result>(
  record: StackRecord,
  use: (sql: Database) => Promise<Result>,
): Promise<Result> {
  const sql = openDatabase(record.database_url);
  try {
    return await use(sql);
  } finally {
    await sql.end();
  }
}

const oldColumns = (sql: Database) =>
  sql`
    select id::text, user_id::text, name, reference_object_key, reference_transcript, language, source, description,
      created_at::text
    from public.voices order by id`;

async function migrate(record: StackRecord): Promise<string[]> {
  return await applyMigrations({ databaseUrl: record.database_url, folder });
}

const files = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();

/** What the schema is once the migrations have run on an empty project. */
let fresh: unknown;

Deno.test("an empty project: they run as no superuser, once", async () => {
  await withEmptyProject(async (record) => {
    await withOwner(record, async (sql) => {
      const [role] =
        await sql`select current_user::text as name, rolsuper from pg_roles where rolname = current_user`;
      assert.deepEqual({ ...role }, { name: "postgres", rolsuper: false });
      assert.deepEqual(await migrate(record), files);
      assert.deepEqual(await migrate(record), []);
      fresh = await finalSchema(sql);
    });
  });
});

for (
  const [what, reference] of [
    ["with", "references auth.users (id) on delete cascade"],
    ["without", ""],
  ] as const
) {
  Deno.test(`a project with the older flow, ${what} a foreign key: its rows stay, its users write no more`, async () => {
    await withEmptyProject((record) =>
      withOwner(record, async (sql) => {
        await sql.unsafe(olderFlow(reference)).simple();
        if (reference === "") {
          await sql`insert into public.voices (user_id, name) values (${GONE}, 'of a user long gone')`;
        }
        const before = [...await oldColumns(sql)];
        for (const [action, statement] of Object.entries(USER_ACTIONS)) {
          assert.equal(await as(sql, "authenticated", ALICE, statement), "1 row", `${action}, before`);
        }

        assert.deepEqual(await migrate(record), files);
        assert.deepEqual(await migrate(record), []);
        assert.deepEqual([...await oldColumns(sql)], before);
        const added = z.array(z.looseObject({})).parse([
          ...await sql`
            select distinct tts_provider, provider_voice_id, provider_target_model, provider_voice_kind,
              provider_region, provider_request_id, provider_metadata::text, deleted_at
            from public.voices`,
        ]);
        assert.deepEqual(added, [{
          tts_provider: "modal",
          provider_voice_id: null,
          provider_target_model: null,
          provider_voice_kind: null,
          provider_region: null,
          provider_request_id: null,
          provider_metadata: "{}",
          deleted_at: null,
        }]);

        const expected: Record<keyof typeof USER_ACTIONS, { user: string; anon: string }> = {
          "read a voice": { user: "1 row", anon: "refused" },
          "add a voice": { user: "refused", anon: "refused" },
          "change a voice": { user: "refused", anon: "refused" },
          "delete a voice": { user: "refused", anon: "refused" },
          "write to references": { user: "refused", anon: "refused" },
          "overwrite a reference": { user: "0 rows", anon: "0 rows" },
          "remove a reference": { user: "0 rows", anon: "0 rows" },
          "read another's reference": { user: "0 rows", anon: "0 rows" },
          "read an own reference": { user: "1 row", anon: "0 rows" },
          "write to avatars": { user: "1 row", anon: "refused" },
        };
        const seen: Record<string, unknown> = {};
        for (const [action, statement] of Object.entries(USER_ACTIONS)) {
          const own = await as(sql, "authenticated", ALICE, statement);
          assert.equal(await as(sql, "authenticated", BOB, statement.replaceAll(ALICE, BOB)), own, action);
          seen[action] = { user: own, anon: await as(sql, "anon", null, statement) };
        }
        assert.deepEqual(seen, expected);
        assert.equal(
          await as(sql, "authenticated", ALICE, `select from public.voices where user_id = '${BOB}'`),
          "0 rows",
        );

        const [own] = await sql`
          select has_schema_privilege('service_role', 'private', 'usage')
            and has_table_privilege('service_role', 'private.settings', 'select') as kept`;
        assert.equal(own?.kept, true);
        await sql`drop table private.settings`;
        await sql`revoke usage on schema private from service_role`;

        const [claim] = await sql`
          select public.clone_claim(${ALICE}, '10000000-0000-4000-8000-000000000001', gen_random_uuid(), 'token', 'intl',
            ${
          sql.json({ name: "Alice", language: "English", transcript: "Hello there.", description: null })
        },
            'qwen', 1, 1) ->> 'outcome' as outcome`;
        assert.equal(claim?.outcome, "finalized");
        assert.deepEqual(await finalSchema(sql), fresh);
      })
    );
  });
}
