/** The environment with empty values taken as absent. */
export type Environment = Readonly<Record<string, string>>;

/** Reads the process environment, once. */
export function readEnvironment(): Environment {
  return Object.fromEntries(
    Object.entries(Deno.env.toObject()).map(([name, value]) => [name, value.trim()]).filter(([, value]) =>
      value
    ),
  );
}

/** `CORS_ALLOWED_ORIGINS` as a list, `["*"]` by default. It stands apart because a preflight needs nothing else. */
export function readAllowedOrigins(environment: Environment): string[] {
  const origins = (environment.CORS_ALLOWED_ORIGINS ?? "*").split(",").map((origin) => origin.trim())
    .filter(Boolean);
  return origins.length === 0 ? ["*"] : origins;
}

/** The configuration cannot be used. `problems` says for each offending variable what is wrong, never its value. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  constructor(readonly problems: readonly { variable: string; problem: string }[]) {
    super(`invalid configuration: ${problems.map(({ variable }) => variable).join(", ")}`);
  }
}
