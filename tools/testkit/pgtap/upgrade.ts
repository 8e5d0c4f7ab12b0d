import { join } from "node:path";
import { z } from "zod";
import { type Database, openDatabase } from "../../stack/postgres/project_database.ts";
import { messageOf } from "../../stack/terminal.ts";
import { applyMigrations } from "../../stack/postgres/migrations.ts";
import type { Report } from "./test_file.ts";

/** What the rows of a table are, in the columns that it had when this was asked first. */
type TableQuery = { name: string; query: string };

const tableQueries = z.array(z.object({ name: z.string(), query: z.string() }));
const rowTexts = z.array(z.object({ row: z.string() }));

/** Ours, and what of Auth and Storage ours refer to. The buckets are not among them: migrations set those anew. */
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

async function findTables(sql: Database): Promise<TableQuery[]> {
  return tableQueries.parse([...await sql.unsafe(TABLES)]);
}

async function rowsOf(sql: Database, { query }: TableQuery): Promise<string[]> {
  return rowTexts.parse([...await sql.unsafe(query)]).map(({ row }) => row);
}

/** The rows of one list that another lacks, an equal one as often as it is missing. */
function missing(rows: readonly string[], others: readonly string[]): string[] {
  const left = Map.groupBy(others, (row) => row);
  return rows.filter((row) => left.get(row)?.pop() === undefined);
}

/** The rows that one of two lists has and the other lacks, in words; empty when they are the same. */
function difference(table: string, before: readonly string[], after: readonly string[]): string[] {
  return [
    ...missing(before, after).map((row) => `${table} lost or changed ${row}`),
    ...missing(after, before).map((row) => `${table} has got ${row}`),
  ];
}

async function sqlNames(folder: string): Promise<string[]> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  return names.filter((name) => name.endsWith(".sql")).sort();
}

/**
 * Applies the migrations to a project one by one, each over rows in every table that is there, and counts each as a test:
 * it succeeds, and all rows keep their values in the columns they had.
 *
 * `before` makes the rows that the project has before the first of them. What a migration makes room for is in `rows`, in
 * a file of its name, and is saved right after it, so that every row is as old as its table. A table without rows is a
 * problem, and so is a file of no migration. `databaseUrl` is that of the role that runs migrations.
 */
export async function testUpgrade(
  { name, databaseUrl, migrations, rows, before }: {
    /** For the report. */
    name: string;
    databaseUrl: string;
    /** Folders. */
    migrations: string;
    rows: string;
    /** SQL. */
    before: string;
  },
): Promise<Report> {
  const started = performance.now();
  const problems: string[] = [];
  const files = await sqlNames(migrations);
  const fillings = await sqlNames(rows);
  for (const file of fillings) {
    if (!files.includes(file)) problems.push(`${join(rows, file)} has the name of no migration.`);
  }

  const applied = await Deno.makeTempDir({ prefix: "voice-clone-api-migrations-" });
  const sql = openDatabase(databaseUrl);
  let tests = 0;
  const empty = new Set<string>();
  const tellEmpty = async (when: string) => {
    for (const table of await findTables(sql)) {
      if (empty.has(table.name) || (await rowsOf(sql, table)).length > 0) continue;
      empty.add(table.name);
      problems.push(`${table.name} has no row ${when}: save one in a file of ${rows}.`);
    }
  };
  try {
    await sql.unsafe(before).simple();
    for (const file of files) {
      await tellEmpty(`before ${file}`);
      const tables = await findTables(sql);
      const kept = await Promise.all(tables.map((table) => rowsOf(sql, table)));
      tests++;
      await Deno.copyFile(join(migrations, file), join(applied, file));
      await applyMigrations({ databaseUrl, folder: applied });
      for (const [index, table] of tables.entries()) {
        problems.push(
          ...difference(table.name, kept[index] ?? [], await rowsOf(sql, table)).map((text) =>
            `${file}: ${text}`
          ),
        );
      }
      if (fillings.includes(file)) await sql.unsafe(await Deno.readTextFile(join(rows, file))).simple();
    }
    await tellEmpty("after the last migration");
  } catch (error) {
    problems.push(messageOf(error));
  } finally {
    await sql.end({ timeout: 1 });
    await Deno.remove(applied, { recursive: true });
  }
  return { name, tests, ms: performance.now() - started, problems };
}
