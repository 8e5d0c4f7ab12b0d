import type { Hono } from "hono";
import { ConfigError, loadConfig, readAllowedOrigins, readEnvironment } from "../_shared/config.ts";
import { createLog } from "../_shared/log.ts";
import type { ApiEnv } from "./environment.ts";
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

let loading: ReturnType<typeof load> | undefined;
/** Loads once; a configuration that cannot be used is told to every request, and logged once. */
function loadRoutes() {
  loading ??= load().catch(async (error) => {
    if (!(error instanceof ConfigError)) {
      log.event("error", "load.failed", { error });
      throw error;
    }
    log.event("error", "config.invalid", { problems: error.problems });
    const { createUnconfigured } = await import("./unconfigured.ts");
    return createUnconfigured(error, environment);
  });
  return loading;
}

const front = createFront({ allowedOrigins: readAllowedOrigins(environment), log, loadRoutes });
Deno.serve(front.fetch);
// Not setTimeout: Deno's is Node's, and loading that is a seventh of a cold preflight (docs/performance.md).
AbortSignal.timeout(PRELOAD_AFTER_MS).addEventListener("abort", () => loadRoutes().catch(() => {}));
