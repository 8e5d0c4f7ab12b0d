import { join } from "node:path";
import { z } from "zod";
import type { DatabaseFacts } from "../../../supabase/functions/_shared/contract/internal_check.ts";
import { policyKey } from "./expected.ts";

/** The roles whose rights on tables are looked at. */
export const ROLES = ["anon", "authenticated", "service_role"] as const;

/** Rights that some projects give service_role on every new table in public, and others do not. */
const GIVEN_BY_PLATFORM = ["references", "trigger", "truncate"];

const catalog = z.strictObject({
  /** By `schema.name`. */
  tables: z.record(
    z.string(),
    z.strictObject({
      columns: z.record(z.string(), z.string()),
      rights: z.record(z.enum(ROLES), z.array(z.string())),
    }),
  ),
  /** By `schema.table: name`. */
  policies: z.record(
    z.string(),
    z.strictObject({
      roles: z.array(z.string()),
      using_md5: z.string().nullable(),
      check_md5: z.string().nullable(),
    }),
  ),
});

/** What of tables and policies cannot be read off the migrations, for PostgreSQL words it: by name, sorted. */
export type Catalog = z.output<typeof catalog>;

/** Where it is kept, from the repository's root. `npm run gen:types` writes it. */
export const catalogPath = "tools/operator/doctor/catalog.json";

/** Reads what is kept. */
export async function readCatalog(root: string): Promise<Catalog> {
  return catalog.parse(JSON.parse(await Deno.readTextFile(join(root, catalogPath))));
}

/** The catalog of a database, of the tables and policies that are named. */
export function catalogOf(
  facts: DatabaseFacts,
  named: { tables: ReadonlyMap<string, unknown>; policies: ReadonlyMap<string, unknown> },
): Catalog {
  const sorted = <Value>(entries: [string, Value][]) => Object.fromEntries(entries.sort(byName));
  return {
    tables: sorted(
      facts.tables.map((table): [string, Catalog["tables"][string]] => [`${table.schema}.${table.name}`, {
        columns: sorted(Object.entries(table.columns)),
        rights: {
          anon: rightsOf(table, "anon"),
          authenticated: rightsOf(table, "authenticated"),
          service_role: rightsOf(table, "service_role"),
        },
      }]).filter(([name]) => named.tables.has(name)),
    ),
    policies: sorted(
      facts.policies.map(({ schema, table, name, roles, using_md5, check_md5 }): [
        string,
        Catalog["policies"][string],
      ] => [policyKey(`${schema}.${table}`, name), { roles: [...roles].sort(), using_md5, check_md5 }])
        .filter(([key]) => named.policies.has(key)),
    ),
  };
}

/** What a role may do with a table, sorted, without what depends on the project and harms nobody. */
export function rightsOf(
  table: DatabaseFacts["tables"][number],
  role: (typeof ROLES)[number],
): string[] {
  const isGiven = (right: string) =>
    table.schema === "public" && role === "service_role" &&
    GIVEN_BY_PLATFORM.includes(right.split(" ")[0] ?? "");
  return table[role].filter((right) => !isGiven(right)).sort();
}

const byName = ([a]: [string, unknown], [b]: [string, unknown]) => a < b ? -1 : 1;
