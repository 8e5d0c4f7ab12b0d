import type { Hono } from "hono";
import { loadConfig } from "../_shared/config.ts";
import { ConfigError, readAllowedOrigins, readEnvironment } from "../_shared/environment.ts";
import { createLog } from "../_shared/log.ts";
import { once } from "../_shared/once.ts";
import type { ApiEnv } from "./hono_types.ts";
import { createFront } from "./front.ts";

/** Supabase's runtime (Edge Functions, "Background Tasks"). */
declare const EdgeRuntime: { waitUntil(work: Promise<unknown>): void } | undefined;

/** The routes are loaded, and the configuration checked, after this many milliseconds without a request. */
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

/** Loads once. An invalid configuration is final, as a process's environment does not change; other failures are retried. */
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
// Not setTimeout: it loads Node's timers, a seventh of a cold preflight (docs/performance.md).
AbortSignal.timeout(PRELOAD_AFTER_MS).addEventListener("abort", () => loadRoutes().catch(() => {}));
