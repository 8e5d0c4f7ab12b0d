import { join } from "node:path";
import { z } from "zod";
import { logToStderr, logToStdout } from "../stack/terminal.ts";
import { createOpenApiDocument, openApiPath, renderOpenApi } from "../checks/openapi/document.ts";
import { repository } from "../stack/repository.ts";

if (Deno.args.length > 0) {
  logToStderr("npm run gen:openapi takes no options: it writes docs/openapi.json from the contract.");
  Deno.exit(2);
}
const { version } = z.object({ version: z.string() })
  .parse(JSON.parse(await Deno.readTextFile(join(repository, "package.json"))));
await Deno.writeTextFile(join(repository, openApiPath), renderOpenApi(createOpenApiDocument({ version })));
logToStdout(`Wrote ${openApiPath}.`);
