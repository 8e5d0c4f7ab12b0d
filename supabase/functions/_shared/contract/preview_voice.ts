import { PATH_IDS } from "./fields.ts";
import type { Contract } from "./route_contract.ts";

export const previewVoice = {
  method: "GET",
  path: "/voices/:id/preview",
  operationId: "previewVoice",
  tag: "Voices",
  access: "user",
  summary: "Get a voice's clip",
  description: "Redirects to the clip that the voice was cloned from.",
  id: PATH_IDS.voice,
  answer: { description: "Redirects to a signed URL of the clip, valid for one hour.", redirect: true },
  errors: ["not_found", "storage_unavailable"],
} satisfies Contract;
