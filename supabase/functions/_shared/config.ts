import type { Config } from "./config_schema.ts";
import type { Environment } from "./environment.ts";

export type { Config } from "./config_schema.ts";

/**
 * The whole configuration, checked. The schema is loaded on demand: answering a preflight does not wait for it.
 * @throws {ConfigError} naming every offending variable at once
 */
export async function loadConfig(environment: Environment): Promise<Config> {
  const { parseConfig } = await import("./config_schema.ts");
  return parseConfig(environment);
}
