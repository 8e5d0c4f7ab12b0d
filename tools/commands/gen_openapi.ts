import { join } from "node:path";
import { logToStderr, logToStdout } from "../../local/log.ts";
import { generateDocuments } from "../checks/openapi/generate.ts";

if (Deno.args.length > 0) {
  logToStderr(
    "npm run gen:openapi takes no options. It writes docs/openapi.json and the tables of docs/api.md.",
  );
  Deno.exit(2);
}
const root = join(import.meta.dirname ?? ".", "..", "..");
for (const [path, text] of Object.entries(await generateDocuments(root))) {
  await Deno.writeTextFile(join(root, path), text);
  logToStdout(`Wrote ${path}.`);
}
