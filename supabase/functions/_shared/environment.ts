/** The environment without empty values. */
export type Environment = Readonly<Record<string, string>>;

export function readEnvironment(): Environment {
  return Object.fromEntries(
    Object.entries(Deno.env.toObject()).map(([name, value]) => [name, value.trim()])
      .filter(([, value]) => value),
  );
}

/** `CORS_ALLOWED_ORIGINS` as a list, by default `["*"]`. A preflight reads it without the configuration's schema. */
export function readAllowedOrigins(environment: Environment): string[] {
  const origins = (environment.CORS_ALLOWED_ORIGINS ?? "*").split(",").map((origin) => origin.trim())
    .filter(Boolean);
  return origins.length === 0 ? ["*"] : origins;
}

/** An invalid configuration. `problems` never contain a variable's value. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  constructor(readonly problems: readonly { variable: string; problem: string }[]) {
    super(`invalid configuration: ${problems.map(({ variable }) => variable).join(", ")}`);
  }
}
