import { Hono } from "hono";
import type { ApiEnv } from "./environment.ts";
import { createAuth } from "./middleware/auth.ts";
import { handleError, handleNotFound } from "./middleware/errors.ts";
import { cloneRoutes, type CloneServices } from "./routes/clone.ts";
import { internalRoutes } from "./routes/internal.ts";
import { languageRoutes } from "./routes/languages.ts";
import { voiceRoutes } from "./routes/voices.ts";
import type { Services } from "./services.ts";

/** The routes that need services, and who may use them. It does no I/O of its own; the front has gone before. */
export function createApp(services: Services & Pick<CloneServices, "keepAlive">) {
  const { supabase } = services.config;
  const requireUser = createAuth({
    verifyToken: services.verifyToken,
    issuers: [`${supabase.url}/auth/v1`, `${supabase.publicUrl}/auth/v1`],
  });

  const app = new Hono<ApiEnv>().basePath("/api");
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
  return app;
}
