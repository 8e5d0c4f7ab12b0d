import assert from "node:assert/strict";
import { join } from "node:path";
import { databaseFacts } from "../../../supabase/functions/_shared/contract/internal_check.ts";
import { openDatabase } from "../../stack/postgres/project_database.ts";
import { withTemporaryStack } from "../../stack/temporary_stack.ts";
import { repository } from "../../stack/repository.ts";
import catalog from "./catalog.json" with { type: "json" };
import { catalogOf, catalogPath, policyKey, qualified, readMade } from "./expected_database.ts";

const OWN_POLICY = /^(References|Generations) /;

Deno.test("the parsed migrations have exactly the functions, tables, policies and buckets of the database", async () => {
  const folder = join(repository, "supabase", "migrations");
  const { files, functions, tables, policies, buckets } = await readMade(folder);
  await withTemporaryStack(repository, async (record) => {
    const database = openDatabase(record.database_url);
    const [row] = await database`select public.deployment_facts() as facts`.finally(() => database.end());
    const facts = databaseFacts().parse(row?.facts);
    const found = facts.policies.filter(({ table, name }) => table !== "objects" || OWN_POLICY.test(name));
    const sorted = (entries: Iterable<unknown>) => [...entries].map((entry) => JSON.stringify(entry)).sort();

    assert.deepEqual(
      sorted(facts.functions.map((one) => [qualified(one), one.body_md5])),
      sorted([...functions].map(([name, { bodyMd5 }]) => [name, bodyMd5])),
    );
    assert.deepEqual(sorted(facts.tables.map(qualified)), sorted(tables.keys()));
    assert.deepEqual(
      sorted(
        found.map((one) => [policyKey(`${one.schema}.${one.table}`, one.name), one.command, one.restrictive]),
      ),
      sorted([...policies].map(([key, { command, restrictive }]) => [key, command, restrictive])),
    );
    assert.deepEqual(
      sorted(facts.buckets.map((one) => [one.id, one.public, one.file_size_limit, one.allowed_mime_types])),
      sorted([...buckets].map(([id, one]) => [id, false, one.fileSizeLimit, one.allowedMimeTypes])),
    );
    assert.deepEqual(facts.migrations, files.map(({ version }) => version));
    assert.deepEqual(
      catalog,
      catalogOf(facts, { tables, policies }),
      `${catalogPath} is stale: run npm run gen:types`,
    );
  });
});

Deno.test("the last file that makes a thing counts, and what is dropped is not expected", async () => {
  const folder = await Deno.makeTempDir();
  const write = (name: string, sql: string) => Deno.writeTextFile(join(folder, name), sql);
  try {
    await write(
      "1_first.sql",
      `create table public.kept (id int); create table if not exists private.gone (id int);
      create function public.again(p text) returns int language sql as $$ select 1 $$;
      create function private.gone() returns int language sql as $$ select 1 $$;
      create policy "Stays" on public.kept for select to anon using (true);
      create policy "Goes" on public.kept as restrictive for delete to anon using (true);`,
    );
    await write(
      "2_second.sql",
      `create or replace function public.again(p text) returns int language sql as $$\r select 2 $$;
      drop table private.gone; drop function private.gone(); drop policy "Goes" on public.kept;`,
    );
    await write("notes.txt", "create table public.no_migration (id int);");
    const { files, functions, tables, policies } = await readMade(folder);
    assert.deepEqual(files, [{ file: "1_first.sql", version: "1" }, { file: "2_second.sql", version: "2" }]);
    assert.deepEqual([...functions], [["public.again", {
      file: "2_second.sql",
      // echo -n " select 2 " | md5sum
      bodyMd5: "101ae94b5c6da3fa9122a65a0470e525",
    }]]);
    assert.deepEqual([...tables], [["public.kept", { file: "1_first.sql" }]]);
    assert.deepEqual([...policies], [["public.kept: Stays", {
      file: "1_first.sql",
      command: "select",
      restrictive: false,
      statement: 'create policy "Stays" on public.kept for select to anon using (true)',
    }]]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
