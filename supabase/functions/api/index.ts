import type { Hono } from "hono";
import { loadConfig } from "../_shared/config.ts";
import { ConfigError, readAllowedOrigins, readEnvironment } from "../_shared/environment.ts";
import { createLog } from "../_shared/log.ts";
import { once } from "../_shared/once.ts";
import type { ApiEnv } from "./hono_types.ts";
import { createFront } from "./front.ts";

/** Supabase's runtime: keeps a worker alive for work that outlives its answer (Edge Functions, "Background Tasks"). */
declare const EdgeRuntime: { waitUntil(work: Promise<unknown>): void } | undefined;

/** After this many milliseconds without a request the routes are loaded all the same, and the configuration checked. */
const PRELOAD_AFTER_MS = 100;

const environment = readEnvironment();
const log = createLog({ write: (level, line) => console[level](line), now: () => new Date() });

async function load(): Promise<Hono<ApiEnv>> {
  const [config, { createServices }, { createApp }] = await Promise.all([
    loadConfig(environment),
    import("./services.ts"),
    import("./app.ts"),
  ]);
  const services = await createServices(config, { environment });
  const keepAlive = (work: Promise<unknown>) => {
    if (typeof EdgeRuntime !== "undefined") EdgeRuntime.waitUntil(work);
  };
  return createApp({ ...services, keepAlive });
}

/**
 * Loads once. A configuration that cannot be used answers every request and is logged once, for the environment of a process
 * does not change; after any other failure the next request tries again.
 */
const loadRoutes = once(async () => {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      log.event("error", "load.failed", { error });
      throw error;
    }
    const { createUnconfigured } = await import("./unconfigured.ts");
    log.event("error", "config.invalid", { problems: error.problems });
    return createUnconfigured(error, environment);
  }
});

const front = createFront({ allowedOrigins: readAllowedOrigins(environment), log, loadRoutes });
Deno.serve(front.fetch);
// Not setTimeout: Deno's is Node's, and loading that is a seventh of a cold preflight (docs/performance.md).
AbortSignal.timeout(PRELOAD_AFTER_MS).addEventListener("abort", () => loadRoutes().catch(() => {}));
