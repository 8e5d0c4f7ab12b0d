import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import {
  finalizeRequest,
  type finalizeResponse,
  uploadUrlRequest,
  type uploadUrlResponse,
} from "../../_shared/contract.ts";
import { ApiError } from "../../_shared/errors.ts";
import type { z } from "zod";
import type { ApiEnv } from "../environment.ts";
import { methodNotAllowed } from "../middleware/errors.ts";
import type { Services } from "../services.ts";
import { parseBody } from "./body.ts";

const BODY_LIMIT_BYTES = 64 * 1024;

export type CloneServices = Pick<Services, "references" | "finalize" | "newVoiceId"> & {
  /** Keeps the process alive until the work is done, even when the client has hung up. */
  keepAlive: (work: Promise<unknown>) => void;
};

/** `POST /clone/upload-url` and `POST /clone/finalize`. */
export function cloneRoutes(services: CloneServices) {
  const { references } = services;
  const limit = bodyLimit({
    maxSize: BODY_LIMIT_BYTES,
    onError: () => {
      throw new ApiError("payload_too_large", "The request body must be at most 64 KiB.");
    },
  });

  return new Hono<ApiEnv>()
    .post("/upload-url", limit, async (c) => {
      await parseBody(c, uploadUrlRequest);
      const voiceId = services.newVoiceId();
      const objectKey = references.key(c.var.userId, voiceId);
      return c.json(
        {
          voice_id: voiceId,
          upload_url: await references.createUploadUrl(objectKey),
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
