import { Hono } from "hono";
import type { z } from "zod";
import type { Config } from "../../_shared/config.ts";
import type { languagesResponse } from "../../_shared/contract.ts";
import { LANGUAGES } from "../../_shared/tts/languages.ts";
import type { ApiEnv } from "../hono_types.ts";
import { methodNotAllowed } from "../middleware/error_handlers.ts";

/** `GET /languages`: what a client may offer its users. */
export function languageRoutes(config: Pick<Config, "mode" | "maxTextChars">) {
  return new Hono<ApiEnv>()
    .get("/", (c) =>
      c.json(
        {
          languages: [...LANGUAGES],
          default: "Auto",
          provider: config.mode,
          capabilities: {
            supports_generate: config.mode === "qwen",
            supports_generate_stream: false,
            default_generate_mode: "task",
            allow_generate_mode_toggle: false,
            max_text_chars: config.maxTextChars,
          },
        } satisfies z.input<typeof languagesResponse>,
      ))
    .all("/", methodNotAllowed("GET"));
}
