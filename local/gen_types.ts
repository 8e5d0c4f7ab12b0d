import { dirname, join } from "node:path";
import { databaseFacts } from "../supabase/functions/_shared/contract/internal_check.ts";
import { openDatabase } from "./database.ts";
import { databaseTypesPath, generateDatabaseTypes } from "./database_types.ts";
import { catalogOf, catalogPath } from "./doctor/catalog.ts";
import { readMade } from "./doctor/expected.ts";
import { redirectConsole } from "./library_output.ts";
import { logToStderr, logToStdout } from "./log.ts";
import { withTemporaryStack } from "./temporary_stack.ts";

redirectConsole(logToStderr);
if (Deno.args.length > 0) {
  logToStderr(
    "npm run gen:types takes no options: it writes what the migrations make, for the code and the doctor.",
  );
  Deno.exit(2);
}
const root = dirname(import.meta.dirname ?? ".");
const made = await readMade(join(root, "supabase", "migrations"));
const { types, catalog } = await withTemporaryStack(root, async (stack) => {
  const database = openDatabase(stack.database_url);
  const [row] = await database`select public.deployment_facts() as facts`.finally(() => database.end());
  return {
    types: await generateDatabaseTypes({ root, databaseUrl: stack.database_url }),
    catalog: catalogOf(databaseFacts().parse(row?.facts), made),
  };
});
await Deno.writeTextFile(join(root, databaseTypesPath), types);
await Deno.writeTextFile(join(root, catalogPath), `${JSON.stringify(catalog, null, 2)}\n`);
logToStdout(`Wrote ${databaseTypesPath} and ${catalogPath}.`);
