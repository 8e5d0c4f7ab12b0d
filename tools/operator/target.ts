import { resolve } from "node:path";
import { readStack } from "../stack/stack_record.ts";
import type { Target } from "./ask.ts";
import type { OperatorOptions } from "./options.ts";
import { repository } from "../stack/repository.ts";

/**
 * The API that the options name, with the key of the environment; else that of the running stack.
 * @throws {Error} with a sentence, when there is no key or no stack
 */
export async function findTarget(asked: Pick<OperatorOptions, "api" | "dataDir">): Promise<Target> {
  if (asked.api !== undefined) {
    const key = Deno.env.get("SUPABASE_SECRET_KEY");
    if (key && !/^[\x21-\x7e]+$/.test(key.trim())) {
      throw new Error(
        "SUPABASE_SECRET_KEY holds characters that no key has: was it copied whole, without quotes?",
      );
    }
    if (!key) {
      throw new Error("--api needs the project's secret key in the environment: SUPABASE_SECRET_KEY.");
    }
    return { api: asked.api, key: key.trim() };
  }
  // npm runs scripts in the repository's folder; a relative path means the caller's.
  const callerFolder = Deno.env.get("INIT_CWD") ?? Deno.cwd();
  const folder = asked.dataDir === undefined
    ? resolve(repository, ".local")
    : resolve(callerFolder, asked.dataDir);
  const stack = await readStack(folder);
  if (!stack) {
    throw new Error(`No stack runs on ${folder}. Start one with npm start, or name an API with --api.`);
  }
  return { api: stack.api_url, key: stack.secret_key };
}
