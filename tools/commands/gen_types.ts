// `npm run gen:types`: writes what the migrations make, for the code and for the doctor.
import { join } from "node:path";
import { databaseFacts } from "../../supabase/functions/_shared/contract/internal_check.ts";
import { openDatabase } from "../stack/postgres/project_database.ts";
import { databaseTypesPath, generateDatabaseTypes } from "../checks/database_types.ts";
import { formatted } from "../checks/formatted.ts";
import { catalogOf, catalogPath, readMade } from "../operator/doctor/expected_database.ts";
import { redirectConsole } from "../stack/library_output.ts";
import { logToStderr, logToStdout } from "../stack/terminal.ts";
import { withTemporaryStack } from "../stack/temporary_stack.ts";
import { repository } from "../stack/repository.ts";

redirectConsole(logToStderr);
if (Deno.args.length > 0) {
  logToStderr("npm run gen:types takes no options. It writes the database types and the doctor's catalog.");
  Deno.exit(2);
}
const made = await readMade(join(repository, "supabase", "migrations"));
const { types, catalog } = await withTemporaryStack(repository, async ({ database_url: url }) => {
  const database = openDatabase(url);
  const [row] = await database`select public.deployment_facts() as facts`.finally(() => database.end());
  return {
    types: await generateDatabaseTypes(url),
    catalog: catalogOf(databaseFacts().parse(row?.facts), made),
  };
});
/** Innermost lists and objects on one line, where they fit. */
const compact = [/\[[^[\]]*\]/g, /\{[^{}]*\}/g].reduce(
  (json, innermost) => json.replace(innermost, (match) => match.replaceAll(/\s+/g, " ")),
  JSON.stringify(catalog, null, 2),
);
await Deno.writeTextFile(join(repository, databaseTypesPath), types);
await Deno.writeTextFile(join(repository, catalogPath), formatted(compact, "json"));
logToStdout(`Wrote ${databaseTypesPath} and ${catalogPath}.`);
