import { Hono } from "hono";
import {
  finalizeRequest,
  type finalizeResponse,
  uploadUrlRequest,
  type uploadUrlResponse,
} from "../../_shared/contract.ts";
import type { z } from "zod";
import type { ApiEnv, KeepAlive } from "../hono_types.ts";
import { methodNotAllowed } from "../middleware/error_handlers.ts";
import type { Services } from "../services.ts";
import { createBodyLimit, parseBody } from "./body.ts";

/** `POST /clone/upload-url` and `POST /clone/finalize`. */
export function cloneRoutes(
  services: Pick<Services, "uploads" | "finalize"> & KeepAlive,
) {
  const limit = createBodyLimit();

  return new Hono<ApiEnv>()
    .post("/upload-url", limit, async (c) => {
      await parseBody(c, uploadUrlRequest);
      const { voiceId, uploadUrl, objectKey } = await services.uploads.open(c.var.userId);
      return c.json(
        {
          voice_id: voiceId,
          upload_url: uploadUrl,
          object_key: objectKey,
        } satisfies z.input<typeof uploadUrlResponse>,
      );
    })
    .all("/upload-url", methodNotAllowed("POST"))
    .post("/finalize", limit, async (c) => {
      const request = await parseBody(c, finalizeRequest);
      const work = services.finalize(c.var.userId, request, c.var.log);
      services.keepAlive(work.catch(() => {}));
      return c.json(await work satisfies z.input<typeof finalizeResponse>);
    })
    .all("/finalize", methodNotAllowed("POST"));
}
