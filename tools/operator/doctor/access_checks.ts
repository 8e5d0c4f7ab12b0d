import type { DatabaseFacts } from "../../../supabase/functions/_shared/contract_check.ts";
import { type Check, checkNamed } from "./check_result.ts";
import type { Comparison, PossibleFault } from "./comparison.ts";
import {
  type Catalog,
  type ExpectedBucket,
  type ExpectedPolicy,
  policyKey,
  qualified,
  rightsOf,
  ROLES,
} from "./expected_database.ts";

const isThere = ([isThere]: PossibleFault) => isThere;

/** Who may call the functions of the migrations, and as whom they run. */
export function functionChecks({ facts, expected, sql }: Comparison): Check[] {
  const { ok, failed } = checkNamed("functions");
  const ours = facts.functions.filter((one) => expected.functions.has(qualified(one)));
  const wrong = ours.flatMap((one) => {
    const file = expected.functions.get(qualified(one))?.file ?? "";
    return functionFaults(one).filter(isThere).map(([, detail, statement]) =>
      failed(detail, sql(file, statement))
    );
  });
  return wrong.length > 0 ? wrong : [ok(
    "Of anon, authenticated and service_role, the last alone may call those in public, and none those in private " +
      `(${ours.length} in all). Each has its own search_path.`,
  )];
}

function functionFaults(one: DatabaseFacts["functions"][number]): PossibleFault[] {
  const name = qualified(one);
  const signature = `${name}(${one.arguments})`;
  const isPublic = one.schema === "public";
  const strangers = one.callers.filter((role) => !(isPublic && role === "service_role"));
  return [
    [
      strangers.length > 0,
      `${name} may be called by ${strangers.join(" and ")}.`,
      `revoke all on function ${signature} from public, ${strangers.join(", ")}`,
    ],
    [
      isPublic && !one.callers.includes("service_role"),
      `${name} may not be called by service_role, so the function fails.`,
      `grant execute on function ${signature} to service_role`,
    ],
    [
      !one.settings.includes('search_path=""'),
      `${name} runs with its caller's search_path.`,
      `alter function ${signature} set search_path = ''`,
    ],
    [
      one.security_definer !== isPublic,
      `${name} runs with the rights of ${isPublic ? "its caller" : "its owner"}.`,
      `alter function ${signature} security ${isPublic ? "definer" : "invoker"}`,
    ],
  ];
}

const tables = checkNamed("tables");

/** Whether the tables of the migrations have their columns, and who may do what with them. */
export function tableChecks(compared: Comparison): Check[] {
  const { facts, expected, sql } = compared;
  const ours = facts.tables.flatMap((one) => {
    const file = expected.tables.get(qualified(one))?.file;
    const wanted = expected.catalog.tables[qualified(one)];
    return file && wanted ? [{ one, wanted, file }] : [];
  });
  const wrong = ours.flatMap(({ one, wanted, file }) => [
    ...columnChecks(one, wanted, file, compared),
    ...tableFaults(one, wanted).filter(isThere).map(([, detail, statements]) =>
      tables.failed(detail, sql(file, statements))
    ),
  ]);
  return wrong.length > 0 ? wrong : [tables.ok(
    `${ours.length} have their columns, row level security, and for anon, authenticated and service_role the rights ` +
      "of the migrations.",
  )];
}

type TableFact = DatabaseFacts["tables"][number];
type ExpectedTable = Catalog["tables"][string];

/** A table of an older project may have more columns, and of other types than a new one's. */
function columnChecks(one: TableFact, wanted: ExpectedTable, file: string, { mend }: Comparison): Check[] {
  const name = qualified(one);
  const strange = Object.keys(one.columns).filter((column) => !Object.hasOwn(wanted.columns, column));
  const add = strange.length > 0
    ? `If it was renamed, rename it back (not of the migrations: ${strange.join(", ")}). Else add`
    : "Add";
  return Object.entries(wanted.columns).flatMap(([column, type]) => {
    const found = one.columns[column];
    if (found === undefined) {
      const fix = `${add} it as supabase/migrations has it, from ${file} on.`;
      return tables.failed(`${name} has no column ${column} (${type}).`, mend(file, fix));
    }
    if (found === type) return [];
    const fix = `If nobody meant it: alter table ${name} alter column ${column} type ${type}`;
    return tables.warning(`${name}.${column} is ${found}, not ${type}.`, mend(file, fix));
  });
}

function tableFaults(one: TableFact, wanted: ExpectedTable): PossibleFault[] {
  const name = qualified(one);
  return [
    [
      !one.row_level_security,
      `${name} has no row level security.`,
      `alter table ${name} enable row level security`,
    ],
    ...ROLES.flatMap((role): PossibleFault[] => {
      const held = rightsOf(one, role);
      const due = wanted.rights[role].filter((right) => {
        const column = columnOf(right);
        return column === null || Object.hasOwn(one.columns, column);
      });
      const tooMuch = held.filter((right) => !covers(due, right));
      const tooLittle = due.filter((right) => !covers(held, right));
      const grant = `grant ${due.join(", ")} on table ${name} to ${role}`;
      const revoke = `revoke all on table ${name} from public, ${role}`;
      const so = role === "service_role" ? "the function fails" : "users cannot read their own rows";
      return [
        [
          tooMuch.length > 0,
          `${role} may ${tooMuch.join(", ")} on ${name}.`,
          due.length > 0 ? `${revoke}; ${grant}` : revoke,
        ],
        [tooLittle.length > 0, `${role} may not ${tooLittle.join(", ")} on ${name}, so ${so}.`, grant],
      ];
    }),
  ];
}

/** The column that a right is on alone; null for one on the whole table. */
const columnOf = (right: string) => /\((.*)\)$/.exec(right)?.[1]?.replace(/^"(.*)"$/, "$1") ?? null;

/** Whether rights hold one, be it by one on the whole table. */
const covers = (rights: readonly string[], right: string) =>
  rights.includes(right) || rights.includes(right.split(" ")[0] ?? "");

/** A policy too many opens what the others close; one too few of the restrictive ones, or a wider one, does as well. */
export function policyChecks({ facts, expected, isApplied, sql }: Comparison): Check[] {
  const { ok, failed } = checkNamed("policies");
  const found = new Map(
    facts.policies.map((policy) => [policyKey(`${policy.schema}.${policy.table}`, policy.name), policy]),
  );
  const looked = [...expected.policies].filter(([key, policy]) => found.has(key) || isApplied(policy));
  const wrong = looked.flatMap(([key, policy]) => {
    const one = found.get(key);
    const differs = one && differences(one, policy, expected.catalog.policies[key]);
    if (differs?.length === 0) return [];
    const how = differs ? `not as its migration makes it (${differs.join(", ")})` : "missing";
    const [table, name] = key.split(": ");
    const drop = one ? `drop policy "${name}" on ${table}; ` : "";
    return failed(`The policy ${key} is ${how}.`, sql(policy.file, drop + policy.statement));
  });
  for (const [key, { schema, table, name, restrictive }] of found) {
    const made = expected.tables.get(`${schema}.${table}`);
    if (restrictive || !made || expected.policies.has(key)) continue;
    const drop = `drop policy "${name}" on ${schema}.${table}`;
    wrong.push(failed(`The policy ${key} is of no migration, and opens the table.`, sql(made.file, drop)));
  }
  return wrong.length > 0
    ? wrong
    : [ok(`${looked.length} are as the migrations make them, and none beside them opens a table.`)];
}

function differences(
  found: DatabaseFacts["policies"][number],
  { command, restrictive }: ExpectedPolicy,
  wanted: Catalog["policies"][string] | undefined,
): string[] {
  const roles = [...found.roles].sort().join(", ");
  const all: [isThere: boolean, difference: string][] = [
    [found.command !== command, `it is for ${found.command}`],
    [found.restrictive !== restrictive, `it is ${found.restrictive ? "" : "not "}restrictive`],
    [roles !== wanted?.roles.join(", "), `it is to ${roles}`],
    [found.using_md5 !== wanted?.using_md5, "its USING is another"],
    [found.check_md5 !== wanted?.check_md5, "its WITH CHECK is another"],
  ];
  return all.filter(([isThere]) => isThere).map(([, difference]) => difference);
}

/** Whether the buckets are there, private, and take what they should. */
export function bucketChecks({ facts, expected, isApplied, sql }: Comparison): Check[] {
  return [...expected.buckets].flatMap(([id, wanted]) => {
    const { ok, failed } = checkNamed(`bucket ${id}`);
    const found = facts.buckets.find((bucket) => bucket.id === id);
    if (!found && !isApplied(wanted)) return [];
    const faults = bucketFaults(id, wanted, found).filter(isThere);
    if (faults.length === 0) {
      const bytes = wanted.fileSizeLimit.toLocaleString("en");
      return ok(`It is private, and takes up to ${bytes} bytes of the types it should.`);
    }
    const details = faults.map(([, detail]) => detail).join(" ");
    return failed(details, sql(wanted.file, faults.map(([, , statement]) => statement).join("; ")));
  });
}

function bucketFaults(
  id: string,
  { fileSizeLimit, allowedMimeTypes }: ExpectedBucket,
  found: DatabaseFacts["buckets"][number] | undefined,
): PossibleFault[] {
  const types = `array[${allowedMimeTypes.map((type) => `'${type}'`).join(", ")}]`;
  const sorted = (list: readonly string[]) => [...list].sort().join(", ");
  const taken = sorted(found?.allowed_mime_types ?? ["any type"]);
  const change = (what: string) => `update storage.buckets set ${what} where id = '${id}'`;
  if (!found) {
    const insert =
      "insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types) values " +
      `('${id}', '${id}', false, ${fileSizeLimit}, ${types})`;
    return [[true, `There is no bucket ${id}.`, insert]];
  }
  return [
    [
      found.public,
      `The bucket ${id} is public: whoever has a name hears the audio.`,
      change("public = false"),
    ],
    [
      found.file_size_limit !== fileSizeLimit,
      `The bucket ${id} takes ${found.file_size_limit ?? "any number of"} bytes, not ${fileSizeLimit}.`,
      change(`file_size_limit = ${fileSizeLimit}`),
    ],
    [
      taken !== sorted(allowedMimeTypes),
      `The bucket ${id} takes ${taken}.`,
      change(`allowed_mime_types = ${types}`),
    ],
  ];
}
