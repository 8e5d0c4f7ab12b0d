import type { Keys } from "../keys.ts";
import type { ObjectStore } from "./object_store.ts";

/** Answers requests to `/auth/v1`, `/rest/v1` and `/storage/v1` in this process. */
export type SupabaseLite = {
  fetch(request: Request): Promise<Response>;
  close(): Promise<void>;
};

/** The package hands over arguments of functions as JSON text, and its driver would encode that text once more. */
function jsonParameter(type: number) {
  return {
    to: type,
    from: [type],
    serialize: (value: unknown) => typeof value === "string" ? value : JSON.stringify(value),
    parse: (text: string): unknown => JSON.parse(text),
  };
}

/** PostgREST writes ISO 8601 where the package hands PostgreSQL's own form on. */
const timestamptz = {
  to: 1184,
  from: [1184],
  serialize: (text: string) => text,
  parse: (text: string) => text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00"),
};

/**
 * Starts auth, REST and storage of `@supabase/lite` on a database, and makes their schemas there. Email confirmation is off.
 * No telemetry, no mail and no file outside `objects`. `databaseUrl` is the superuser's: requests run in the role of their key
 * or token.
 */
export async function startSupabaseLite(
  { databaseUrl, keys, objects, fileSizeLimit }: {
    databaseUrl: string;
    keys: Keys;
    objects: ObjectStore;
    /** As config.toml writes it, for example `10MiB`. */
    fileSizeLimit: string;
  },
): Promise<SupabaseLite> {
  // Both are read while the package is loaded, so it cannot be imported any earlier.
  Deno.env.set("EXPERIMENTAL_STORAGE", "1");
  Deno.env.set("DO_NOT_TRACK", "1");
  const { App, InMemoryEmailDriver } = await import("@supabase/lite");
  const { createPostgresConnection } = await import("@supabase/lite/postgres");

  const connection = createPostgresConnection({
    url: databaseUrl,
    postgresOptions: {
      max: 40,
      onnotice: () => {},
      types: { jsonb: jsonParameter(3802), json: jsonParameter(114), timestamptz },
    },
  });
  // At the first request the package would grant everything on every table with row level security to every role, and so
  // undo what the migrations revoke. It does that only while this field is "unknown".
  Object.defineProperty(connection, "rlsState", { value: "active", writable: false });

  const app = new App({
    connection,
    api: { enabled: true, schemas: ["public"], extra_search_path: ["public"], max_rows: 1000 },
    auth: {
      enabled: true,
      jwt_secret: keys.jwtSecret,
      publishable_key: keys.publishableKey,
      secret_key: keys.secretKey,
      site_url: "http://127.0.0.1:3000",
      jwt_expiry: 3600,
      enable_signup: true,
      email: { enable_signup: true, enable_confirmations: false },
    },
    db: { migrations: { enabled: false } },
    storage: { enabled: true, file_size_limit: fileSizeLimit },
    studio: { enabled: false },
    options: {
      // A mail to the terminal, the default, would write tokens there.
      drivers: { email: new InMemoryEmailDriver() },
      server: { admin: false },
    },
  });
  app._storageAdapter = objects;
  await app.ensureSystemSchema();
  return {
    fetch: async (request) => await app.fetch(request),
    // Without a limit this waits forever once a connection was lost.
    close: () => connection.driver.end({ timeout: 1 }),
  };
}
