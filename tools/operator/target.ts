import { join, resolve } from "node:path";
import { type Environment, readEnvironment } from "../stack/function/function_environment.ts";
import { callerFolder, repository } from "../stack/repository.ts";
import { readStack } from "../stack/stack_record.ts";

/** An API, and what opens its internal routes. */
export type Target = {
  /** Base URL of the API, without a slash at its end. */
  api: string;
  /** The project's secret key. */
  key: string;
};

/** How a command names its target. */
export type TargetOptions = {
  /** Base URL of the API, without a slash at its end; the running stack's when not given. */
  api?: string;
  /** The data folder of the stack to look for; the repository's `.local` when not given. */
  dataDir?: string;
};

const stackFolder = (dataDir?: string) =>
  dataDir === undefined ? join(repository, ".local") : resolve(callerFolder, dataDir);

/** The running stack on a data folder; null when none runs there. */
export const findStack = ({ dataDir }: TargetOptions) => readStack(stackFolder(dataDir));

/**
 * The API that is named, with the key of the environment; else that of the running stack.
 * @throws {Error} with a sentence, when there is no key or no stack
 */
export async function findTarget({ api, dataDir }: TargetOptions): Promise<Target> {
  if (api === undefined) {
    const stack = await findStack({ dataDir });
    if (stack) return { api: stack.api_url, key: stack.secret_key };
    throw new Error(
      `No stack runs on ${stackFolder(dataDir)}. Start one with npm start, or name an API with --api.`,
    );
  }
  const key = Deno.env.get("SUPABASE_SECRET_KEY")?.trim();
  if (!key) throw new Error("--api needs the project's secret key in the environment: SUPABASE_SECRET_KEY.");
  if (/^[\x21-\x7e]+$/.test(key)) return { api, key };
  throw new Error(
    "SUPABASE_SECRET_KEY holds characters that no key has: was it copied whole, without quotes?",
  );
}

/** The environment, and unless another API is named, what is in `.env` as well. */
export async function readSettings({ api }: TargetOptions): Promise<Environment> {
  return api === undefined ? await readEnvironment(join(repository, ".env")) : Deno.env.toObject();
}
