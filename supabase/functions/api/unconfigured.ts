import { Hono } from "hono";
import { timingSafeEqual } from "hono/utils/buffer";
import type { z } from "zod";
import type { ConfigError, Environment } from "../_shared/environment.ts";
import { readSecretKey } from "../_shared/config_schema.ts";
import { type configInvalidError, internalCheck } from "../_shared/contract/internal_check.ts";
import { ApiError } from "../_shared/errors.ts";
import type { ApiEnv } from "./hono_types.ts";
import { handleError } from "./middleware/error_handlers.ts";

type Problems = z.input<ReturnType<typeof configInvalidError>>["problems"];

/**
 * Replaces the routes while the configuration is invalid: every request gets 503 `config_invalid`, and the holder of the
 * secret key gets the problems from `POST /internal/check`.
 */
export function createUnconfigured({ problems }: ConfigError, environment: Environment) {
  const secretKey = readSecretKey(environment);
  const refusal = (fields: { problems?: Problems } = {}) =>
    new ApiError("config_invalid", "The server is not configured correctly. The operator has been told.", {
      fields,
    });

  const app = new Hono<ApiEnv>().basePath("/api");
  app.use(async function takeOver(c, next) {
    c.set("requestId", c.env.requestId);
    c.set("log", c.env.log);
    await next();
  });
  app.onError(handleError);
  app.on(internalCheck.method, internalCheck.path, async (c) => {
    const isOperator = secretKey !== undefined &&
      await timingSafeEqual(c.req.header("apikey") ?? "", secretKey);
    throw isOperator ? refusal({ problems: [...problems] }) : refusal();
  });
  app.all("*", () => {
    throw refusal();
  });
  return app;
}
