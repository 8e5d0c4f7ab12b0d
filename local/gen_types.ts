import { dirname, join } from "node:path";
import { databaseTypesPath, generateDatabaseTypes } from "./database_types.ts";
import { redirectConsole } from "./library_output.ts";
import { logToStderr, logToStdout } from "./log.ts";
import { withTemporaryStack } from "./temporary_stack.ts";

redirectConsole(logToStderr);
if (Deno.args.length > 0) {
  logToStderr("npm run gen:types takes no options: it writes the types of supabase/migrations.");
  Deno.exit(2);
}
const root = dirname(import.meta.dirname ?? ".");
const types = await withTemporaryStack(
  root,
  (stack) => generateDatabaseTypes({ root, databaseUrl: stack.database_url }),
);
await Deno.writeTextFile(join(root, databaseTypesPath), types);
logToStdout(`Wrote ${databaseTypesPath}.`);
