import type { DatabaseFacts } from "../../../supabase/functions/_shared/contract/internal_check.ts";
import { type Catalog, rightsOf, ROLES } from "./catalog.ts";
import { type Check, failed, ok, warning } from "./check.ts";
import type { Expected } from "./expected.ts";
import type { Mend } from "./mend.ts";

type FunctionFact = DatabaseFacts["functions"][number];
type TableFact = DatabaseFacts["tables"][number];

/** Who may call the functions of the migrations, and as whom they run. */
export function functionsCheck(facts: DatabaseFacts, expected: Expected, mend: Mend): Check[] {
  const ours = facts.functions.flatMap((one) => {
    const made = expected.functions.get(`${one.schema}.${one.name}`);
    return made ? [{ one, made }] : [];
  });
  const wrong = ours.flatMap(({ one, made }) =>
    functionFaults(one).map(([detail, statement]) =>
      failed("functions", detail, mend.sql(made.file, statement))
    )
  );
  return wrong.length > 0 ? wrong : [
    ok(
      "functions",
      `Of anon, authenticated and service_role, the last alone may call those in public, and none those in private ` +
        `(${ours.length} in all). Each has its own search_path.`,
    ),
  ];
}

function functionFaults(one: FunctionFact): [detail: string, statement: string][] {
  const name = `${one.schema}.${one.name}`;
  const signature = `${name}(${one.arguments})`;
  const isPublic = one.schema === "public";
  const strangers = one.callers.filter((role) => !(isPublic && role === "service_role"));
  const faults: [string, string][] = [];
  if (strangers.length > 0) {
    faults.push([
      `${name} may be called by ${strangers.join(" and ")}.`,
      `revoke all on function ${signature} from public, ${strangers.join(", ")}`,
    ]);
  }
  if (isPublic && !one.callers.includes("service_role")) {
    faults.push([
      `${name} may not be called by service_role, so the function fails.`,
      `grant execute on function ${signature} to service_role`,
    ]);
  }
  if (!one.settings.includes('search_path=""')) {
    faults.push([
      `${name} runs with its caller's search_path.`,
      `alter function ${signature} set search_path = ''`,
    ]);
  }
  if (one.security_definer !== isPublic) {
    faults.push([
      `${name} runs with the rights of ${isPublic ? "its caller" : "its owner"}.`,
      `alter function ${signature} security ${isPublic ? "definer" : "invoker"}`,
    ]);
  }
  return faults;
}

/** Whether the tables of the migrations have their columns, and who may do what with them. */
export function tablesCheck(facts: DatabaseFacts, expected: Expected, mend: Mend): Check[] {
  const ours = facts.tables.flatMap((one) => {
    const name = `${one.schema}.${one.name}`;
    const made = expected.tables.get(name);
    const wanted = expected.catalog.tables[name];
    return made && wanted ? [{ one, wanted, file: made.file }] : [];
  });
  const wrong = ours.flatMap(({ one, wanted, file }) => [
    ...columnFaults(one, wanted, file, mend),
    ...tableFaults(one, wanted).map(([detail, statements]) =>
      failed("tables", detail, mend.sql(file, statements))
    ),
  ]);
  return wrong.length > 0 ? wrong : [
    ok(
      "tables",
      `${ours.length} have their columns, row level security, and for anon, authenticated and service_role the rights ` +
        "of the migrations.",
    ),
  ];
}

type TableWanted = Catalog["tables"][string];

/** A table of an older project may have more columns, and of other types than a new one's. */
function columnFaults(one: TableFact, wanted: TableWanted, file: string, mend: Mend): Check[] {
  const name = `${one.schema}.${one.name}`;
  const strange = Object.keys(one.columns).filter((column) => !Object.hasOwn(wanted.columns, column));
  const renamed = strange.length > 0
    ? `If it was renamed, rename it back (not of the migrations: ${strange.join(", ")}). Else add`
    : "Add";
  return Object.entries(wanted.columns).flatMap(([column, type]) => {
    const found = one.columns[column];
    if (found === undefined) {
      const fix = `${renamed} it as supabase/migrations has it, from ${file} on.`;
      return [failed("tables", `${name} has no column ${column} (${type}).`, mend.by(file, fix))];
    }
    if (found === type) return [];
    const fix = `If nobody meant it: alter table ${name} alter column ${column} type ${type}`;
    return [warning("tables", `${name}.${column} is ${found}, not ${type}.`, mend.by(file, fix))];
  });
}

function tableFaults(one: TableFact, wanted: TableWanted): [detail: string, statements: string][] {
  const name = `${one.schema}.${one.name}`;
  const faults: [string, string][] = [];
  if (!one.row_level_security) {
    faults.push([`${name} has no row level security.`, `alter table ${name} enable row level security`]);
  }
  for (const role of ROLES) {
    const held = rightsOf(one, role);
    const due = wanted.rights[role].filter((right) => {
      const column = columnOf(right);
      return column === null || Object.hasOwn(one.columns, column);
    });
    const tooMuch = held.filter((right) => !covers(due, right));
    const tooLittle = due.filter((right) => !covers(held, right));
    const grant = `grant ${due.join(", ")} on table ${name} to ${role}`;
    const revoke = `revoke all on table ${name} from public, ${role}`;
    if (tooMuch.length > 0) {
      faults.push([
        `${role} may ${tooMuch.join(", ")} on ${name}.`,
        due.length > 0 ? `${revoke}; ${grant}` : revoke,
      ]);
    }
    if (tooLittle.length > 0) {
      const who = role === "service_role"
        ? ", so the function fails"
        : ", so users cannot read their own rows";
      faults.push([`${role} may not ${tooLittle.join(", ")} on ${name}${who}.`, grant]);
    }
  }
  return faults;
}

/** The column that a right is on alone; null for one on the whole table. */
const columnOf = (right: string) => /\((.*)\)$/.exec(right)?.[1]?.replace(/^"(.*)"$/, "$1") ?? null;

/** Whether rights hold one, be it by one on the whole table. */
const covers = (rights: readonly string[], right: string) =>
  rights.includes(right) || rights.includes(right.split(" ")[0] ?? "");
