import type { Contract } from "../../../supabase/functions/_shared/contract/route_contract.ts";

const FOLDER = new URL("../../../supabase/functions/_shared/contract/", import.meta.url);

function isContract(value: unknown): value is Contract {
  return typeof value === "object" && value !== null && "operationId" in value && "answer" in value;
}

/** Every contract of the function, in the order of file names. */
export async function loadContracts(): Promise<Contract[]> {
  const names = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).sort();
  const modules = await Promise.all(
    names.map((name): Promise<Record<string, unknown>> => import(new URL(name, FOLDER).href)),
  );
  return modules.flatMap((module) => Object.values(module).filter(isContract));
}
