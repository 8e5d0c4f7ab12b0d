import { join } from "node:path";
import { logToStderr, logToStdout } from "../stack/terminal.ts";
import { repository } from "../stack/repository.ts";
import { generateDocuments } from "../checks/openapi/generate_documents.ts";

if (Deno.args.length > 0) {
  logToStderr(
    "npm run gen:openapi takes no options. It writes docs/openapi.json and the tables of docs/api.md.",
  );
  Deno.exit(2);
}
const documents = await generateDocuments().catch((error: Error) => {
  logToStderr(error.message);
  Deno.exit(1);
});
for (const [path, text] of Object.entries(documents)) {
  await Deno.writeTextFile(join(repository, path), text);
  logToStdout(`Wrote ${path}.`);
}
