import { createHash } from "node:crypto";
import { join } from "node:path";
import type { DatabaseFacts } from "../../../supabase/functions/_shared/contract/internal_check.ts";

/** What a database should hold. */
export type Expected = Made & { catalog: Catalog };

/** What the migrations of a folder leave behind, each with the file that made it as it is. */
export type Made = {
  /** In order; `version` is how the Supabase CLI records it. */
  files: { file: string; version: string }[];
  /** By `schema.name`. */
  functions: Map<string, { file: string; bodyMd5: string }>;
  /** By `schema.name`. */
  tables: Map<string, { file: string }>;
  /** By `schema.table: name`. */
  policies: Map<string, ExpectedPolicy>;
  /** By id. */
  buckets: Map<string, ExpectedBucket>;
};

/** A policy as its migration makes it, and the statement that does. */
export type ExpectedPolicy = { file: string; command: string; restrictive: boolean; statement: string };

/** A bucket as its migration makes it; all are private. */
export type ExpectedBucket = { file: string; fileSizeLimit: number; allowedMimeTypes: string[] };

const FUNCTION =
  /\b(?:create(?: or replace)? function ((?:public|private)\.\w+)\s*\([\s\S]*?\$\$([\s\S]*?)\$\$|drop function (?:if exists )?((?:public|private)\.\w+))/gi;
const TABLE =
  /\b(?:create table (?:if not exists )?((?:public|private)\.\w+)|drop table (?:if exists )?((?:public|private)\.\w+))/gi;
const POLICY =
  /\b(?:create policy "([^"]+)"\s+on\s+([\w.]+)\s+(as restrictive\s+)?for (\w+)[^;]*|drop policy (?:if exists )?"([^"]+)"\s+on\s+([\w.]+))/gi;
const BUCKET =
  /insert into storage\.buckets \(id, name, public, file_size_limit, allowed_mime_types\)\s+values\s*\(\s*'(\w+)',\s*'\w+',\s*false,\s*(\d+),\s*array\[([^\]]*)\]/gi;

/** The name of a table or function as PostgreSQL takes it. */
export const qualified = ({ schema, name }: { schema: string; name: string }) => `${schema}.${name}`;

/** The key of a policy in `Made.policies`. */
export const policyKey = (table: string, name: string) => `${table}: ${name}`;

/** As `deployment_facts` has it: a checkout may have other line ends than the one that was deployed from. */
const md5 = (body: string) => createHash("md5").update(body.replaceAll("\r", "")).digest("hex");

/**
 * Reads off the migrations what they make: there is no second list to keep. They are written in one way, which
 * expected_database.test.ts holds to a database that has them all.
 */
export async function readMade(folder: string): Promise<Made> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
  const made: Made = {
    files: names.flatMap((file) => {
      const version = /^(\d+)_.+\.sql$/.exec(file)?.[1];
      return version === undefined ? [] : [{ file, version }];
    }),
    functions: new Map(),
    tables: new Map(),
    policies: new Map(),
    buckets: new Map(),
  };
  for (const { file } of made.files) take(made, file, await Deno.readTextFile(join(folder, file)));
  return made;
}

function take({ functions, tables, policies, buckets }: Made, file: string, sql: string): void {
  for (const [, name, body = "", dropped] of sql.matchAll(FUNCTION)) {
    if (name) functions.set(name, { file, bodyMd5: md5(body) });
    else if (dropped) functions.delete(dropped);
  }
  for (const [, name, dropped] of sql.matchAll(TABLE)) {
    if (name) tables.set(name, { file });
    else if (dropped) tables.delete(dropped);
  }
  for (
    const [text, name, table = "", restrictive, command = "", dropped = "", of = ""] of sql.matchAll(POLICY)
  ) {
    if (name === undefined) policies.delete(policyKey(of, dropped));
    else {
      policies.set(policyKey(table, name), {
        file,
        command: command.toLowerCase(),
        restrictive: restrictive !== undefined,
        statement: text.replaceAll(/\s+/g, " "),
      });
    }
  }
  for (const [, id = "", limit, types = ""] of sql.matchAll(BUCKET)) {
    const allowedMimeTypes = [...types.matchAll(/'([^']+)'/g)].map(([, type = ""]) => type);
    buckets.set(id, { file, fileSizeLimit: Number(limit), allowedMimeTypes });
  }
}

/** The roles whose rights on tables are looked at. */
export const ROLES = ["anon", "authenticated", "service_role"] as const;

/** What PostgreSQL words itself, so that it cannot be read off the migrations: by name, sorted. */
export type Catalog = {
  /** By `schema.name`. */
  tables: Record<
    string,
    { columns: Record<string, string>; rights: Record<(typeof ROLES)[number], string[]> }
  >;
  /** By `schema.table: name`. */
  policies: Record<string, Pick<DatabaseFacts["policies"][number], "roles" | "using_md5" | "check_md5">>;
};

/** Where the catalog of the migrations is kept, from the repository's root. `npm run gen:types` writes it. */
export const catalogPath = "tools/operator/doctor/catalog.json";

/** The catalog of a database, of the tables and policies that the migrations make. */
export function catalogOf(facts: DatabaseFacts, made: Pick<Made, "tables" | "policies">): Catalog {
  const sorted = <Value>(entries: [string, Value][]) =>
    Object.fromEntries(entries.sort(([a], [b]) => a < b ? -1 : 1));
  const tables = facts.tables.filter((table) => made.tables.has(qualified(table)));
  const policies = facts.policies.map(({ schema, table, name, roles, using_md5, check_md5 }) => ({
    key: policyKey(`${schema}.${table}`, name),
    wording: { roles: [...roles].sort(), using_md5, check_md5 },
  })).filter(({ key }) => made.policies.has(key));
  return {
    tables: sorted(tables.map((table) => [qualified(table), {
      columns: sorted(Object.entries(table.columns)),
      rights: {
        anon: rightsOf(table, "anon"),
        authenticated: rightsOf(table, "authenticated"),
        service_role: rightsOf(table, "service_role"),
      },
    }])),
    policies: sorted(policies.map(({ key, wording }) => [key, wording])),
  };
}

/** Rights that some projects give service_role on every new table in public, and others do not. */
const GIVEN_BY_PLATFORM = ["references", "trigger", "truncate"];

/** What a role may do with a table, sorted, without what depends on the project and harms nobody. */
export function rightsOf(table: DatabaseFacts["tables"][number], role: (typeof ROLES)[number]): string[] {
  const isGiven = (right: string) =>
    table.schema === "public" && role === "service_role" &&
    GIVEN_BY_PLATFORM.includes(right.split(" ")[0] ?? "");
  return table[role].filter((right) => !isGiven(right)).sort();
}
