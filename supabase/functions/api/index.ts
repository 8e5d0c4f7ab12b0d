import { ConfigError, loadConfig, readAllowedOrigins, readEnvironment } from "../_shared/config.ts";
import { ApiError } from "../_shared/errors.ts";
import { createLog } from "../_shared/log.ts";
import { createFront } from "./front.ts";

/** Supabase's runtime: keeps a worker alive for work that outlives its answer (Edge Functions, "Background Tasks"). */
declare const EdgeRuntime: { waitUntil(work: Promise<unknown>): void } | undefined;

/** After this many milliseconds without a request the routes are loaded all the same, and the configuration checked. */
const PRELOAD_AFTER_MS = 100;

const environment = readEnvironment();
const log = createLog({ write: (level, line) => console[level](line), now: () => new Date() });

async function load() {
  const [config, { createServices }, { createApp }] = await Promise.all([
    loadConfig(environment),
    import("./services.ts"),
    import("./app.ts"),
  ]);
  const services = await createServices(config);
  const keepAlive = (work: Promise<unknown>) => {
    if (typeof EdgeRuntime !== "undefined") EdgeRuntime.waitUntil(work);
  };
  return createApp({ ...services, keepAlive });
}

let loading: ReturnType<typeof load> | undefined;
/** Loads once; a configuration that cannot be used is told to every request, and logged once. */
function loadRoutes() {
  loading ??= load().catch((error) => {
    log.event("error", error instanceof ConfigError ? "config.invalid" : "load.failed", {
      ...(error instanceof ConfigError ? { problems: error.problems } : { error }),
    });
    throw error instanceof ConfigError
      ? new ApiError("config_invalid", "The server is not configured correctly. The operator has been told.")
      : error;
  });
  return loading;
}

const front = createFront({ allowedOrigins: readAllowedOrigins(environment), log, loadRoutes });
Deno.serve(front.fetch);
setTimeout(() => loadRoutes().catch(() => {}), PRELOAD_AFTER_MS);
