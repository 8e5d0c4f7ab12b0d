import { NOT_FOUND } from "./error_codes.ts";
import { VOICE_ID } from "./examples.ts";
import { ok, voiceId } from "./fields.ts";
import type { Contract } from "./route_contract.ts";

export const deleteVoice = {
  method: "DELETE",
  path: "/voices/:id",
  operationId: "deleteVoice",
  tag: "Voices",
  access: "user",
  summary: "Delete a voice",
  description: "Deletes softly: speech generated with the voice is kept. Repeating the request succeeds.",
  id: { schema: voiceId, missing: NOT_FOUND.voice, description: "The voice's id.", example: VOICE_ID },
  answer: { description: "The voice is deleted.", name: "VoiceDeleted", schema: ok, example: { ok: true } },
  errors: ["not_found"],
} satisfies Contract;
