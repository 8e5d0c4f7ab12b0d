import type { Config } from "./config_schema.ts";
import type { Environment } from "./environment.ts";

export type { Config } from "./config_schema.ts";

/**
 * The validated configuration. Loads its schema on demand, so a preflight does not wait for it.
 * @throws {ConfigError} with the problems of all variables
 */
export async function loadConfig(environment: Environment): Promise<Config> {
  const { parseConfig } = await import("./config_schema.ts");
  return parseConfig(environment);
}
