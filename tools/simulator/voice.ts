import { z } from "zod";

/** One provider voice as the simulated account keeps it, with what tests want to know of its making. */
export const voiceSchema = z.object({
  voice: z.string(),
  targetModel: z.string(),
  preferredName: z.string(),
  language: z.string(),
  /** Characters of the transcript; the transcript itself is not kept. */
  textLength: z.number().int(),
  /** Null for a voice that was seeded. */
  audio: z.object({
    sha256: z.string(),
    bytes: z.number().int(),
    delivery: z.enum(["signed_url", "data_url"]),
  }).nullable(),
  /** ISO 8601, UTC. */
  createdAt: z.string(),
});
export type Voice = z.infer<typeof voiceSchema>;

/** What a voice is made of; the account adds its id and time. */
export type NewVoice = Omit<Voice, "voice" | "createdAt">;
