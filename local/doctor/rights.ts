import type { DatabaseFacts } from "../../supabase/functions/_shared/contract_check.ts";
import { type Check, failed, ok } from "./check.ts";
import type { Expected } from "./expected.ts";
import type { Remedies } from "./remedies.ts";

type FunctionFact = DatabaseFacts["functions"][number];
type TableFact = DatabaseFacts["tables"][number];

/** Tables of which users read their own rows, over REST as well; nobody but service_role writes any. */
const READ_BY_USERS = ["public.generations", "public.tasks", "public.voices"];

/** Who may call the functions of the migrations, and as whom they run. */
export function functionsCheck(facts: DatabaseFacts, expected: Expected, remedies: Remedies): Check[] {
  const ours = facts.functions.filter(({ schema, name }) => expected.functions.has(`${schema}.${name}`));
  const wrong = ours.flatMap((one) =>
    functionFaults(one).map(([detail, statement]) => failed("functions", detail, remedies.sql(statement)))
  );
  return wrong.length > 0 ? wrong : [
    ok(
      "functions",
      `Of ${ours.length}, service_role alone may call those in public, and nobody those in private.`,
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

/** Who may do what with the tables of the migrations. */
export function tablesCheck(facts: DatabaseFacts, expected: Expected, remedies: Remedies): Check[] {
  const ours = facts.tables.filter(({ schema, name }) => expected.tables.has(`${schema}.${name}`));
  const wrong = ours.flatMap((one) =>
    tableFaults(one).map(([detail, statement]) => failed("tables", detail, remedies.sql(statement)))
  );
  return wrong.length > 0
    ? wrong
    : [ok("tables", `${ours.length} have row level security; users read their own rows, and write none.`)];
}

function tableFaults(one: TableFact): [detail: string, statement: string][] {
  const name = `${one.schema}.${one.name}`;
  const faults: [string, string][] = [];
  if (!one.row_level_security) {
    faults.push([`${name} has no row level security.`, `alter table ${name} enable row level security`]);
  }
  for (const role of ["anon", "authenticated"] as const) {
    const mayRead = role === "authenticated" && READ_BY_USERS.includes(name);
    const tooMuch = one[role].filter((right) => !(mayRead && right === "select"));
    if (tooMuch.length > 0) {
      faults.push([
        `${role} may ${tooMuch.join(", ")} on ${name}.`,
        `revoke ${tooMuch.join(", ")} on table ${name} from ${role}`,
      ]);
    }
  }
  return faults;
}
