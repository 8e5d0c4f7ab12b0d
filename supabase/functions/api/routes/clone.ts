import { createUploadUrl } from "../../_shared/contract/create_upload_url.ts";
import { finalizeVoice } from "../../_shared/contract/finalize_voice.ts";
import type { AnswerOf } from "../../_shared/contract/route_contract.ts";
import type { KeepAlive } from "../hono_types.ts";
import type { Services } from "../services.ts";
import { route } from "./mount.ts";

/** From a clip to a voice. */
export const cloneRoutes = (services: Pick<Services, "uploads" | "finalize"> & KeepAlive) => [
  route(createUploadUrl, async (c) => {
    const { voiceId, uploadUrl, objectKey } = await services.uploads.open(c.var.userId);
    return { voice_id: voiceId, upload_url: uploadUrl, object_key: objectKey } satisfies AnswerOf<
      typeof createUploadUrl
    >;
  }),
  route(finalizeVoice, async (c, { body }) => {
    const work = services.finalize(c.var.userId, body, c.var.log);
    services.keepAlive(work.catch(() => {}));
    return await work;
  }),
];
