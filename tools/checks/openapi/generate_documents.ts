import { join } from "node:path";
import { z } from "zod";
import { apiDocPath, inOrder, renderApiDoc } from "./api_doc.ts";
import { loadContracts } from "./contracts.ts";
import { createOpenApiDocument, openApiPath, renderOpenApi } from "./document.ts";

async function format(markdown: string, root: string): Promise<string> {
  const deno = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", "--ext", "md", "-"],
    cwd: root,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = deno.stdin.getWriter();
  await writer.write(new TextEncoder().encode(markdown));
  await writer.close();
  const { success, stdout } = await deno.output();
  if (!success) throw new Error(`deno fmt could not format ${apiDocPath}.`);
  return new TextDecoder().decode(stdout);
}

/** The files that are generated from the contracts, by their path from the repository's folder. */
export async function generateDocuments(root: string): Promise<Record<string, string>> {
  const apiDoc = await Deno.readTextFile(join(root, apiDocPath));
  const { version } = z.object({ version: z.string() })
    .parse(JSON.parse(await Deno.readTextFile(join(root, "package.json"))));
  const contracts = inOrder(await loadContracts(), apiDoc);
  return {
    [openApiPath]: renderOpenApi(createOpenApiDocument(contracts, version)),
    [apiDocPath]: await format(renderApiDoc(apiDoc, contracts), root),
  };
}
