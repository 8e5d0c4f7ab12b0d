import "./sanitizers.ts";
import { createApp } from "../../../supabase/functions/api/app.ts";
import { createFront } from "../../../supabase/functions/api/front.ts";
import { createServices } from "../../../supabase/functions/api/services.ts";
import { loadConfig } from "../../../supabase/functions/_shared/config.ts";
import { readAllowedOrigins } from "../../../supabase/functions/_shared/environment.ts";
import { createLog } from "../../../supabase/functions/_shared/log.ts";
import { environmentOf } from "./api.ts";
import { createVirtualClock } from "./clock.ts";
import { keepLogLine } from "./kept_log.ts";
import { watchAnswers } from "./seen_answers.ts";

/** The origin that users reach the stub project by. */
export const PUBLIC_URL = "https://voices.example.com";
/** The one origin that may read answers. */
export const APP_ORIGIN = "https://app.example.com";

const noReconcile = {
  ...{ region: "intl", provider_voices: 0, ours: 0, orphans: [], foreign: [], gone: [], unresolved: [] },
  ...{ completed: 0, released: 0, purged: [], purge_failed: [], resolve_failed: [], uploads_swept: 0 },
  ...{ details_erased: 0, objects_erased: 0, more: false },
};

/**
 * Serves the function over HTTP in this process, with `send` in the place of everything outside and pauses that take no
 * time. What the operator's reconcile does is left out.
 */
export async function startStubbedApi(options: { jwks: string; send: typeof fetch }) {
  const environment = environmentOf({
    SUPABASE_JWKS: options.jwks,
    PUBLIC_SUPABASE_URL: PUBLIC_URL,
    CORS_ALLOWED_ORIGINS: APP_ORIGIN,
  });
  const config = await loadConfig(environment);
  const logged: string[] = [];
  const background = new Set<Promise<unknown>>();
  const services = await createServices(config, { fetch: options.send, clock: createVirtualClock() });
  const app = createApp({
    ...services,
    loadReconcile: () => Promise.resolve(() => Promise.resolve(noReconcile)),
    keepAlive(work) {
      background.add(work);
      void work.finally(() => background.delete(work));
    },
  });
  const front = createFront({
    allowedOrigins: readAllowedOrigins(environment),
    log: createLog({
      write(_level, line) {
        logged.push(line);
        keepLogLine(line);
      },
      now: () => new Date(),
    }),
    loadRoutes: () => Promise.resolve(app),
  });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, watchAnswers(front.fetch));
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    logged,
    /** Resolves when the work that outlives its answers is done. */
    settled: async (): Promise<void> => void await Promise.all(background),
    async [Symbol.asyncDispose]() {
      await Promise.all(background);
      await server.shutdown();
    },
  };
}
