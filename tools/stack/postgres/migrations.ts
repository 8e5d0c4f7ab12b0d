import { join } from "node:path";
import { openDatabase } from "./project_database.ts";
import { messageOf } from "../terminal.ts";

const fileName = /^(\d+)_(.+)\.sql$/;

/**
 * Applies the migrations that were not applied yet, in order of their versions, each in one transaction with its line in
 * `supabase_migrations.schema_migrations`, where the Supabase CLI keeps them as well. Runs them with the role of
 * `databaseUrl`, which on hosted projects is `postgres` and no superuser. Gives the names of the files it applied.
 * Throws, naming the file, when one fails; those before it stay.
 */
export async function applyMigrations(
  { databaseUrl, folder }: { databaseUrl: string; folder: string },
): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(folder)) if (fileName.test(entry.name)) files.push(entry.name);
  const database = openDatabase(databaseUrl);
  try {
    await database.unsafe(`
      create schema if not exists supabase_migrations;
      create table if not exists supabase_migrations.schema_migrations
        (version text primary key, statements text[], name text);
    `).simple();
    const rows = await database`select version from supabase_migrations.schema_migrations`;
    const known = new Set(rows.map(({ version }) => version));
    const applied: string[] = [];
    for (const file of files.sort()) {
      const [, version = "", name = ""] = fileName.exec(file) ?? [];
      if (known.has(version)) continue;
      const sql = await Deno.readTextFile(join(folder, file));
      try {
        await database.begin(async (transaction) => {
          await transaction.unsafe(sql).simple();
          await transaction`
            insert into supabase_migrations.schema_migrations (version, name, statements)
            values (${version}, ${name}, ${[sql]})`;
        });
      } catch (error) {
        throw new Error(`Migration ${file} failed: ${messageOf(error)}`, { cause: error });
      }
      applied.push(file);
    }
    return applied;
  } finally {
    await database.end({ timeout: 1 });
  }
}
