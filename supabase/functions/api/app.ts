import { Hono } from "hono";
import { TrieRouter } from "hono/router/trie-router";
import type { ApiEnv, KeepAlive } from "./hono_types.ts";
import { createAuth } from "./middleware/auth.ts";
import { handleError, handleNotFound } from "./middleware/error_handlers.ts";
import { createOperatorCheck } from "./middleware/operator.ts";
import { cloneRoutes } from "./routes/clone.ts";
import { generateRoutes } from "./routes/generate.ts";
import { generationRoutes } from "./routes/generations.ts";
import { internalRoutes } from "./routes/internal.ts";
import { languageRoutes } from "./routes/languages.ts";
import { mount } from "./routes/mount.ts";
import { taskRoutes } from "./routes/tasks.ts";
import { voiceRoutes } from "./routes/voices.ts";
import type { Services } from "./services.ts";

/** The routes that need services, and who may use them. It does no I/O of its own; the front has gone before. */
export function createApp(services: Services & KeepAlive) {
  const { config } = services;
  const { url, publicUrl, secretKey } = config.supabase;

  const app = new Hono<ApiEnv>({ router: new TrieRouter() }).basePath("/api");
  app.use(async function takeOver(c, next) {
    c.set("requestId", c.env.requestId);
    c.set("log", c.env.log);
    await next();
  });
  app.onError(handleError);
  app.notFound(handleNotFound);

  const routes = [
    ...languageRoutes(config),
    ...internalRoutes(services),
    ...cloneRoutes(services),
    ...voiceRoutes(services),
    ...generateRoutes(services),
    ...taskRoutes(services),
    ...generationRoutes(services),
  ];
  mount(app, routes, {
    limits: config,
    guards: {
      user: createAuth({
        verifyToken: services.verifyToken,
        issuers: [`${url}/auth/v1`, `${publicUrl}/auth/v1`],
      }),
      operator: createOperatorCheck(secretKey),
    },
  });
  return app;
}
