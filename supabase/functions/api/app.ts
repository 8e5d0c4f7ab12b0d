import { Hono } from "hono";
import { TrieRouter } from "hono/router/trie-router";
import type { ApiEnv, KeepAlive } from "./hono_types.ts";
import { createAuth } from "./middleware/auth.ts";
import { handleError, handleNotFound } from "./middleware/error_handlers.ts";
import { cloneRoutes } from "./routes/clone.ts";
import { generateRoutes } from "./routes/generate.ts";
import { generationRoutes } from "./routes/generations.ts";
import { internalRoutes } from "./routes/internal.ts";
import { languageRoutes } from "./routes/languages.ts";
import { taskRoutes } from "./routes/tasks.ts";
import { voiceRoutes } from "./routes/voices.ts";
import type { Services } from "./services.ts";

/** The routes that need services, and who may use them. It does no I/O of its own; the front has gone before. */
export function createApp(services: Services & KeepAlive) {
  const { supabase } = services.config;
  const requireUser = createAuth({
    verifyToken: services.verifyToken,
    issuers: [`${supabase.url}/auth/v1`, `${supabase.publicUrl}/auth/v1`],
  });

  const app = new Hono<ApiEnv>({ router: new TrieRouter() }).basePath("/api");
  app.use(async function takeOver(c, next) {
    c.set("requestId", c.env.requestId);
    c.set("log", c.env.log);
    await next();
  });
  app.onError(handleError);
  app.notFound(handleNotFound);

  app.route("/languages", languageRoutes(services.config));

  app.route("/internal", internalRoutes(services));

  app.use("/clone/*", requireUser);
  app.route("/clone", cloneRoutes(services));

  app.use("/voices/*", requireUser);
  app.route("/voices", voiceRoutes(services));

  app.use("/generate/*", requireUser);
  app.route("/generate", generateRoutes(services));

  app.use("/tasks/*", requireUser);
  app.route("/tasks", taskRoutes(services));

  app.use("/generations/*", requireUser);
  app.route("/generations", generationRoutes(services));
  return app;
}
