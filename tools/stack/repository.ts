import { resolve } from "node:path";

/** The folder of the repository, as an absolute path. */
export const repository = resolve(import.meta.dirname ?? ".", "../..");

/** The folder that paths on the command line start from: npm runs scripts in the repository's, not in the caller's. */
export const callerFolder = Deno.env.get("INIT_CWD") ?? Deno.cwd();
