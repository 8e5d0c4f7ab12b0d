import { Hono } from "hono";
import { idParameter } from "../../_shared/contract.ts";
import { generationNotFound } from "../../_shared/errors.ts";
import type { ApiEnv } from "../hono_types.ts";
import { methodNotAllowed } from "../middleware/error_handlers.ts";
import type { Services } from "../services.ts";

const AUDIO_SECONDS = 3600;

/** `GET /generations/:id/audio`: a redirect to where the audio can be heard. */
export function generationRoutes(services: Pick<Services, "tasks" | "generations" | "accounts">) {
  return new Hono<ApiEnv>()
    .get("/:id/audio", async (c) => {
      const id = idParameter.safeParse(c.req.param("id"));
      if (!id.success) throw generationNotFound();
      const audio = await services.tasks.audioOf(c.var.userId, id.data);
      if (!audio) throw await services.accounts.explain(c.var.userId, generationNotFound());
      return c.redirect(await services.generations.signedUrl(audio.objectKey, AUDIO_SECONDS), 302);
    })
    .all("/:id/audio", methodNotAllowed("GET"));
}
