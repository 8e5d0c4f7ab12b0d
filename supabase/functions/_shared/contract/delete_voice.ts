import { ok, PATH_IDS } from "./fields.ts";
import type { Contract } from "./route_contract.ts";

export const deleteVoice = {
  method: "DELETE",
  path: "/voices/:id",
  operationId: "deleteVoice",
  tag: "Voices",
  access: "user",
  summary: "Delete a voice",
  description: "Deletes softly: speech generated with the voice is kept. Repeating the request succeeds.",
  id: PATH_IDS.voice,
  answer: { description: "The voice is deleted.", name: "VoiceDeleted", schema: ok, example: { ok: true } },
  errors: ["not_found"],
} satisfies Contract;
