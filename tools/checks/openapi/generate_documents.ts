import { join } from "node:path";
import { z } from "zod";
import { repository } from "../../stack/repository.ts";
import { formatted } from "../formatted.ts";
import type { Contract } from "../../../supabase/functions/_shared/contract/route_contract.ts";
import { apiDocPath, inOrder, renderApiDoc } from "./api_doc.ts";
import { createOpenApiDocument, openApiPath } from "./document.ts";

const FOLDER = new URL("../../../supabase/functions/_shared/contract/", import.meta.url);

const isContract = (value: unknown): value is Contract =>
  typeof value === "object" && value !== null && "operationId" in value && "answer" in value;

/** Every contract of the function, in the order of file names. */
export async function loadContracts(): Promise<Contract[]> {
  const names = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).sort();
  const modules: object[] = await Promise.all(names.map((name) => import(new URL(name, FOLDER).href)));
  return modules.flatMap((module) => Object.values(module).filter(isContract));
}

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
