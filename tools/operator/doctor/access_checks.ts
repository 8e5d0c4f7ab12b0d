import type { DatabaseFacts } from "../../../supabase/functions/_shared/contract/internal_check.ts";
import { type Check, checkNamed, faultsOr } from "./check_result.ts";
import type { Comparison, PossibleFault } from "./comparison.ts";
import type { Catalog, ExpectedBucket, ExpectedPolicy } from "./expected_database.ts";
import { policyKey, qualified, rightsOf, ROLES } from "./expected_database.ts";

/** Who may call the functions, and with whose rights they run. */
export function functionChecks({ facts, expected, faults }: Comparison): Check[] {
  const ours = facts.functions.filter((one) => expected.functions.has(qualified(one)));
  const wrong = ours.flatMap((one) =>
    faults("functions", expected.functions.get(qualified(one))?.file ?? "", functionFaults(one))
  );
  const fine =
    "Of anon, authenticated and service_role, the last alone may call those in public, and none those in private " +
    `(${ours.length} in all). Each has its own search_path.`;
  return faultsOr(wrong, checkNamed("functions").ok(fine));
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

/** The tables' columns, and who may do what with them. */
export function tableChecks(compared: Comparison): Check[] {
  const { facts, expected, faults } = compared;
  const ours = facts.tables.filter((one) => expected.tables.has(qualified(one)));
  const wrong = ours.flatMap((one) => {
    const file = expected.tables.get(qualified(one))?.file ?? "";
    const wanted = expected.catalog.tables[qualified(one)];
    if (!wanted) return [];
    return [
      ...columnChecks(one, wanted, file, compared),
      ...faults("tables", file, tableFaults(one, wanted)),
    ];
  });
  const fine =
    `${ours.length} have their columns, row level security, and for anon, authenticated and service_role the rights ` +
    "of the migrations.";
  return faultsOr(wrong, checkNamed("tables").ok(fine));
}

type TableFact = DatabaseFacts["tables"][number];
type ExpectedTable = Catalog["tables"][string];

/** A table of an older project may have more columns, and other types. */
function columnChecks(
  one: TableFact,
  wanted: ExpectedTable,
  file: string,
  { remedyFor }: Comparison,
): Check[] {
  const { warning, failed } = checkNamed("tables");
  const name = qualified(one);
  const strange = Object.keys(one.columns).filter((column) => !Object.hasOwn(wanted.columns, column));
  const add = strange.length > 0
    ? `If it was renamed, rename it back (not of the migrations: ${strange.join(", ")}). Else add`
    : "Add";
  return Object.entries(wanted.columns).flatMap(([column, type]) => {
    const found = one.columns[column];
    if (found === undefined) {
      const fix = `${add} it as supabase/migrations has it, from ${file} on.`;
      return failed(`${name} has no column ${column} (${type}).`, remedyFor(file, fix));
    }
    const fix = `If this was not intended: alter table ${name} alter column ${column} type ${type}`;
    return found === type ? [] : warning(`${name}.${column} is ${found}, not ${type}.`, remedyFor(file, fix));
  });
}

function tableFaults(one: TableFact, wanted: ExpectedTable): PossibleFault[] {
  const name = qualified(one);
  const secure = `alter table ${name} enable row level security`;
  return [
    [!one.row_level_security, `${name} has no row level security.`, secure],
    ...ROLES.flatMap((role): PossibleFault[] => {
      const held = rightsOf(one, role);
      const due = wanted.rights[role].filter((right) => {
        const column = columnOf(right);
        return column === null || Object.hasOwn(one.columns, column);
      });
      const tooMuch = held.filter((right) => !covers(due, right)).join(", ");
      const tooLittle = due.filter((right) => !covers(held, right)).join(", ");
      const grant = `grant ${due.join(", ")} on table ${name} to ${role}`;
      const revoke = `revoke all on table ${name} from public, ${role}`;
      const so = role === "service_role" ? "the function fails" : "users cannot read their own rows";
      return [
        [
          tooMuch !== "",
          `${role} may ${tooMuch} on ${name}.`,
          due.length > 0 ? `${revoke}; ${grant}` : revoke,
        ],
        [tooLittle !== "", `${role} may not ${tooLittle} on ${name}, so ${so}.`, grant],
      ];
    }),
  ];
}

/** The column of a right on one column. */
const columnOf = (right: string) => /\((.*)\)$/.exec(right)?.[1]?.replace(/^"(.*)"$/, "$1") ?? null;

/** Whether rights include one, also by one on the whole table. */
const covers = (rights: readonly string[], right: string) =>
  rights.includes(right) || rights.includes(right.split(" ")[0] ?? "");

/** An additional policy can open a table, as can a wider one or a missing restrictive one. */
export function policyChecks({ facts, expected, missing, faults }: Comparison): Check[] {
  const found = new Map(
    facts.policies.map((policy) => [policyKey(`${policy.schema}.${policy.table}`, policy.name), policy]),
  );
  const checked = [...expected.policies].filter(([key, { file }]) => found.has(key) || !missing.has(file));
  const changed = checked.flatMap(([key, policy]) => {
    const one = found.get(key);
    const [table, name] = key.split(": ");
    const differs = one ? differences(one, policy, expected.catalog.policies[key]) : "";
    const how = one ? `not as its migration makes it (${differs})` : "missing";
    const drop = one ? `drop policy "${name}" on ${table}; ` : "";
    return faults("policies", policy.file, [
      [!one || differs !== "", `The policy ${key} is ${how}.`, drop + policy.statement],
    ]);
  });
  const added = [...found].flatMap(([key, { schema, table, name, restrictive }]) => {
    const file = expected.tables.get(`${schema}.${table}`)?.file;
    if (file === undefined || expected.policies.has(key)) return [];
    const drop = `drop policy "${name}" on ${schema}.${table}`;
    return faults("policies", file, [
      [!restrictive, `The policy ${key} is of no migration, and opens the table.`, drop],
    ]);
  });
  const fine = `${checked.length} are as the migrations make them, and none beside them opens a table.`;
  return faultsOr([...changed, ...added], checkNamed("policies").ok(fine));
}

function differences(
  found: DatabaseFacts["policies"][number],
  { command, restrictive }: ExpectedPolicy,
  wanted: Catalog["policies"][string] | undefined,
): string {
  const roles = [...found.roles].sort().join(", ");
  const all = [
    [found.command !== command, `it is for ${found.command}`],
    [found.restrictive !== restrictive, `it is ${found.restrictive ? "" : "not "}restrictive`],
    [roles !== wanted?.roles.join(", "), `it is to ${roles}`],
    [found.using_md5 !== wanted?.using_md5, "its USING is another"],
    [found.check_md5 !== wanted?.check_md5, "its WITH CHECK is another"],
  ] as const;
  return all.filter(([isThere]) => isThere).map(([, difference]) => difference).join(", ");
}

/** Whether the buckets exist, are private, and take the right files. */
export function bucketChecks({ facts, expected, missing, faults }: Comparison): Check[] {
  return [...expected.buckets].flatMap(([id, wanted]) => {
    const found = facts.buckets.find((bucket) => bucket.id === id);
    if (!found && missing.has(wanted.file)) return [];
    const wrong = bucketFaults(id, wanted, found).filter(([isThere]) => isThere);
    if (wrong.length === 0) {
      const bytes = wanted.fileSizeLimit.toLocaleString("en");
      return checkNamed(`bucket ${id}`).ok(
        `It is private, and takes up to ${bytes} bytes of the types it should.`,
      );
    }
    const details = wrong.map(([, detail]) => detail).join(" ");
    const statements = wrong.map(([, , statement]) => statement).join("; ");
    return faults(`bucket ${id}`, wanted.file, [[true, details, statements]]);
  });
}

function bucketFaults(
  id: string,
  { fileSizeLimit, allowedMimeTypes }: ExpectedBucket,
  found: DatabaseFacts["buckets"][number] | undefined,
): PossibleFault[] {
  const types = `array[${allowedMimeTypes.map((type) => `'${type}'`).join(", ")}]`;
  if (!found) {
    const insert =
      "insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types) values " +
      `('${id}', '${id}', false, ${fileSizeLimit}, ${types})`;
    return [[true, `There is no bucket ${id}.`, insert]];
  }
  const sorted = (list: readonly string[]) => [...list].sort().join(", ");
  const taken = sorted(found.allowed_mime_types ?? ["any type"]);
  const bytes = found.file_size_limit ?? "any number of";
  const faults: PossibleFault[] = [
    [found.public, "is public: anyone with the name can fetch the audio", "public = false"],
    [
      found.file_size_limit !== fileSizeLimit,
      `takes ${bytes} bytes, not ${fileSizeLimit}`,
      `file_size_limit = ${fileSizeLimit}`,
    ],
    [taken !== sorted(allowedMimeTypes), `takes ${taken}`, `allowed_mime_types = ${types}`],
  ];
  return faults.map(([isThere, detail, change]) => [
    isThere,
    `The bucket ${id} ${detail}.`,
    `update storage.buckets set ${change} where id = '${id}'`,
  ]);
}
