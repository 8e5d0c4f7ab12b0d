import { z } from "zod";
import { DETAILS, PROJECT, VOICE_ID } from "./examples.ts";
import { BODY_ERRORS, bodyOf, cloneDetails } from "./fields.ts";
import type { Contract } from "./route_contract.ts";

const OBJECT_KEY = `7a4b8c1d-5e2f-4a3b-9c6d-1f0e2d3c4b44/${VOICE_ID}/reference.wav`;

export const createUploadUrl = {
  method: "POST",
  path: "/clone/upload-url",
  operationId: "createUploadUrl",
  tag: "Cloning",
  access: "user",
  summary: "Create an upload URL",
  description:
    "Creates a `voice_id` and a signed URL for its clip. Nothing is stored or billed yet. Upload the clip with a PUT to " +
    "`upload_url` and the clip's own `Content-Type`: WAV, MP3 or M4A of less than 10,000,000 bytes.",
  body: {
    name: "UploadUrlRequest",
    schema: () => bodyOf(cloneDetails()),
    examples: { clip: DETAILS },
  },
  answer: {
    description: "The upload URL.",
    name: "UploadUrl",
    schema: () =>
      z.object({
        voice_id: z.guid().describe("The id of the future voice. Pass it to `POST /clone/finalize`."),
        upload_url: z.url().describe(
          "Where to PUT the clip, with its own `Content-Type` without parameters and with no key or token. Valid for two " +
            "hours and one upload.",
        ),
        object_key: z.string().describe("`{user_id}/{voice_id}/reference.wav`, whatever the format."),
      }),
    example: {
      voice_id: VOICE_ID,
      upload_url: `${PROJECT}/storage/v1/object/upload/sign/references/${OBJECT_KEY}?token=TOKEN`,
      object_key: OBJECT_KEY,
    },
  },
  errors: [...BODY_ERRORS, "language_unsupported", "rate_limited", "storage_unavailable"],
} satisfies Contract;
