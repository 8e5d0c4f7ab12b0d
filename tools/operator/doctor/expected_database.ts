import { createHash } from "node:crypto";
import { join } from "node:path";
import type { DatabaseFacts } from "../../../supabase/functions/_shared/contract/internal_check.ts";

export type Expected = Made & { catalog: Catalog };

/** What migrations create, each with the file that last changed it. */
export type Made = {
  /** In order; the Supabase CLI records `version`. */
  files: { file: string; version: string }[];
  /** By `schema.name`. */
  functions: Map<string, { file: string; bodyMd5: string }>;
  tables: Map<string, { file: string }>;
  /** By `policyKey`. */
  policies: Map<string, ExpectedPolicy>;
  /** By id; all are private. */
  buckets: Map<string, ExpectedBucket>;
};

export type ExpectedPolicy = { file: string; command: string; restrictive: boolean; statement: string };

export type ExpectedBucket = { file: string; fileSizeLimit: number; allowedMimeTypes: string[] };

const FUNCTION =
  /\b(?:create(?: or replace)? function ((?:public|private)\.\w+)\s*\([\s\S]*?\$\$([\s\S]*?)\$\$|drop function (?:if exists )?((?:public|private)\.\w+))/gi;
const TABLE =
  /\b(?:create table (?:if not exists )?((?:public|private)\.\w+)|drop table (?:if exists )?((?:public|private)\.\w+))/gi;
const POLICY =
  /\b(?:create policy "([^"]+)"\s+on\s+([\w.]+)\s+(as restrictive\s+)?for (\w+)[^;]*|drop policy (?:if exists )?"([^"]+)"\s+on\s+([\w.]+))/gi;
const BUCKET =
  /insert into storage\.buckets \(id, name, public, file_size_limit, allowed_mime_types\)\s+values\s*\(\s*'(\w+)',\s*'\w+',\s*false,\s*(\d+),\s*array\[([^\]]*)\]/gi;

export const qualified = ({ schema, name }: { schema: string; name: string }) => `${schema}.${name}`;

export const policyKey = (table: string, name: string) => `${table}: ${name}`;

/** As `deployment_facts` computes it: checkouts may differ in line ends. */
const md5 = (body: string) => createHash("md5").update(body.replaceAll("\r", "")).digest("hex");

/** Parses the migrations; expected_database.test.ts compares the result with a migrated database. */
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

export const ROLES = ["anon", "authenticated", "service_role"] as const;
type Role = typeof ROLES[number];

/** What only PostgreSQL can print, sorted by name. */
export type Catalog = {
  /** By `schema.name`. */
  tables: Record<string, { columns: Record<string, string>; rights: Record<Role, string[]> }>;
  /** By `schema.table: name`. */
  policies: Record<string, Pick<DatabaseFacts["policies"][number], "roles" | "using_md5" | "check_md5">>;
};

/** Written by `npm run gen:types`. */
export const catalogPath = "tools/operator/doctor/catalog.json";

/** The catalog of those tables and policies that the migrations make. */
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

/** Some projects grant service_role these rights on every new table in public. */
const GIVEN_BY_PLATFORM = ["references", "trigger", "truncate"];

/** A role's rights on a table, sorted, without those that the platform grants. */
export function rightsOf(table: DatabaseFacts["tables"][number], role: Role): string[] {
  const isGiven = (right: string) =>
    table.schema === "public" && role === "service_role" &&
    GIVEN_BY_PLATFORM.includes(right.split(" ")[0] ?? "");
  return table[role].filter((right) => !isGiven(right)).sort();
}
