import { resolve } from "node:path";

/** The folder of the repository, as an absolute path. */
export const repository = resolve(import.meta.dirname ?? ".", "../..");
