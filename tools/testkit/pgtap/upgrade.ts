import { join } from "node:path";
import { z } from "zod";
import { openDatabase } from "../../stack/postgres/project_database.ts";
import { messageOf } from "../../stack/terminal.ts";
import { applyMigrations } from "../../stack/postgres/migrations.ts";
import type { Report } from "./test_file.ts";

/**
 * A query for the rows of each table, in the columns that it has now: our tables, and those of Auth and Storage that they
 * refer to. Not the buckets, which migrations update.
 */
const TABLES = `
  select format('%I.%I', n.nspname, c.relname) as name,
    format('select to_jsonb(x)::text as row from (select %s from %I.%I) x order by 1',
      string_agg(quote_ident(a.attname), ', ' order by a.attnum), n.nspname, c.relname) as query
  from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  where c.relkind in ('r', 'p')
    and (n.nspname in ('public', 'private') or (n.nspname, c.relname) in (('auth', 'users'), ('storage', 'objects')))
  group by n.nspname, c.relname
  order by 1`;
const tableQueries = z.array(z.object({ name: z.string(), query: z.string() }));
const rowTexts = z.array(z.object({ row: z.string() }));

/** The rows of one list that another lacks, an equal one as often as it is missing. */
function missing(rows: readonly string[], others: readonly string[]): string[] {
  const left = Map.groupBy(others, (row) => row);
  return rows.filter((row) => left.get(row)?.pop() === undefined);
}

/**
 * Applies the migrations to a project one by one, each over rows in every table, and counts each as a test: it succeeds,
 * and all rows keep their values in the columns they had. A table without rows is a problem, and so is a file in `rows`
 * that is named like no migration.
 */
export async function testUpgrade(
  { name, databaseUrl, migrations, rows, before }: {
    name: string;
    /** Of the role that runs migrations. */
    databaseUrl: string;
    migrations: string;
    /** The folder of files named like a migration, which insert rows right after it. */
    rows: string;
    /** SQL that inserts the rows from before the first migration. */
    before: string;
  },
): Promise<Report> {
  const started = performance.now();
  const sqlIn = (folder: string) =>
    [...Deno.readDirSync(folder)].map((file) => file.name).filter((file) => file.endsWith(".sql")).sort();
  const [files, fillings] = [sqlIn(migrations), sqlIn(rows)];
  const problems = fillings.filter((file) => !files.includes(file))
    .map((file) => `${join(rows, file)} has the name of no migration.`);
  const applied = await Deno.makeTempDir({ prefix: "voice-clone-api-migrations-" });
  const sql = openDatabase(databaseUrl);
  const rowsOf = async (query: string) => rowTexts.parse([...await sql.unsafe(query)]).map(({ row }) => row);
  const empty = new Set<string>();
  const readTables = async (when: string) => {
    const tables = tableQueries.parse([...await sql.unsafe(TABLES)])
      .map(async (table) => ({ ...table, kept: await rowsOf(table.query) }));
    for await (const { name: table, kept } of tables) {
      if (kept.length > 0 || empty.has(table)) continue;
      empty.add(table);
      problems.push(`${table} has no row ${when}: save one in a file of ${rows}.`);
    }
    return await Promise.all(tables);
  };
  let tests = 0;
  try {
    await sql.unsafe(before).simple();
    for (const file of files) {
      const tables = await readTables(`before ${file}`);
      tests++;
      await Deno.copyFile(join(migrations, file), join(applied, file));
      await applyMigrations({ databaseUrl, folder: applied });
      for (const { name: table, query, kept } of tables) {
        const now = await rowsOf(query);
        problems.push(
          ...missing(kept, now).map((row) => `${file}: ${table} lost or changed ${row}`),
          ...missing(now, kept).map((row) => `${file}: ${table} has got ${row}`),
        );
      }
      if (fillings.includes(file)) await sql.unsafe(await Deno.readTextFile(join(rows, file))).simple();
    }
    await readTables("after the last migration");
  } catch (error) {
    problems.push(messageOf(error));
  } finally {
    await sql.end({ timeout: 1 });
    await Deno.remove(applied, { recursive: true });
  }
  return { name, tests, ms: performance.now() - started, problems };
}
