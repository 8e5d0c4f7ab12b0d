import { createUploadUrl } from "../../_shared/contract/create_upload_url.ts";
import { finalizeVoice } from "../../_shared/contract/finalize_voice.ts";
import type { KeepAlive } from "../hono_types.ts";
import type { Services } from "../services.ts";
import { route } from "./mount.ts";

export const cloneRoutes = (services: Pick<Services, "uploads" | "finalize"> & KeepAlive) => [
  route(createUploadUrl, async (c) => {
    const { voiceId, uploadUrl, objectKey } = await services.uploads.open(c.var.userId);
    return { voice_id: voiceId, upload_url: uploadUrl, object_key: objectKey };
  }),
  route(finalizeVoice, async (c, { body }) => {
    const work = services.finalize(c.var.userId, body, c.var.log);
    services.keepAlive(work.catch(() => {}));
    return await work;
  }),
];
