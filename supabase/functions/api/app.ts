import { Hono } from "hono";
import { TrieRouter } from "hono/router/trie-router";
import type { ApiEnv, KeepAlive } from "./hono_types.ts";
import { createAuth, createOperatorCheck } from "./middleware/auth.ts";
import { handleError, handleNotFound } from "./middleware/error_handlers.ts";
import { cloneRoutes } from "./routes/clone.ts";
import { internalRoutes } from "./routes/internal.ts";
import { languageRoutes } from "./routes/languages.ts";
import { mount } from "./routes/mount.ts";
import { speakingRoutes } from "./routes/speaking.ts";
import { voiceRoutes } from "./routes/voices.ts";
import type { Services } from "./services.ts";

/** The routes that need services, behind the front. */
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
    ...speakingRoutes(services),
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
