import { NOT_FOUND } from "./error_codes.ts";
import { VOICE_ID } from "./examples.ts";
import { voiceId } from "./fields.ts";
import type { Contract } from "./route_contract.ts";

export const previewVoice = {
  method: "GET",
  path: "/voices/:id/preview",
  operationId: "previewVoice",
  tag: "Voices",
  access: "user",
  summary: "Get a voice's clip",
  description: "Redirects to the clip that the voice was cloned from.",
  id: { schema: voiceId, missing: NOT_FOUND.voice, description: "The voice's id.", example: VOICE_ID },
  answer: { description: "Redirects to a signed URL of the clip, valid for one hour.", redirect: true },
  errors: ["not_found", "storage_unavailable"],
} satisfies Contract;
