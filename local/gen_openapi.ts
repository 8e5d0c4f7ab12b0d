import { dirname, join } from "node:path";
import { z } from "zod";
import { logToStderr, logToStdout } from "./log.ts";
import { createOpenApiDocument, openApiPath, renderOpenApi } from "./openapi/document.ts";

if (Deno.args.length > 0) {
  logToStderr("npm run gen:openapi takes no options: it writes docs/openapi.json from the contract.");
  Deno.exit(2);
}
const root = dirname(import.meta.dirname ?? ".");
const { version } = z.object({ version: z.string() })
  .parse(JSON.parse(await Deno.readTextFile(join(root, "package.json"))));
await Deno.writeTextFile(join(root, openApiPath), renderOpenApi(createOpenApiDocument({ version })));
logToStdout(`Wrote ${openApiPath}.`);
