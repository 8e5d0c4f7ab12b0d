import { PATH_IDS } from "./fields.ts";
import type { Contract } from "./route_contract.ts";

export const getAudio = {
  method: "GET",
  path: "/generations/:id/audio",
  operationId: "getAudio",
  tag: "Speaking",
  access: "user",
  summary: "Get generated audio",
  description:
    "Redirects to the audio: WAV, 24 kHz, mono, 16-bit. Answers 404 until the task is `completed`. Follow the redirect " +
    "without the `Authorization` header.",
  id: PATH_IDS.generation,
  answer: { description: "Redirects to a signed URL of the WAV, valid for one hour.", redirect: true },
  errors: ["not_found", "storage_unavailable"],
} satisfies Contract;
