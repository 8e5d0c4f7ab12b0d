import { join } from "node:path";
import { z } from "zod";
import { repository } from "../../stack/repository.ts";
import { formatted } from "../formatted.ts";
import { apiDocPath, inOrder, renderApiDoc } from "./api_doc.ts";
import { loadContracts } from "./contracts.ts";
import { createOpenApiDocument, openApiPath } from "./document.ts";

/** The files that are generated from the contracts, by their path from the repository's folder. */
export async function generateDocuments(): Promise<Record<string, string>> {
  const read = (path: string) => Deno.readTextFile(join(repository, path));
  const apiDoc = await read(apiDocPath);
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(await read("package.json")));
  const contracts = inOrder(await loadContracts(), apiDoc);
  return {
    [openApiPath]: `${JSON.stringify(createOpenApiDocument(contracts, version), null, 2)}\n`,
    [apiDocPath]: formatted(renderApiDoc(apiDoc, contracts), "md"),
  };
}
