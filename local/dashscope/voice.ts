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

/** `qwen-tts-vc-<preferred_name>-voice-<yyyyMMddHHmmssSSS>-<4 hex>`, the form of the documented example. */
export function voiceId(preferredName: string, at: Date): string {
  const time = at.toISOString().replace(/\D/g, "");
  const [random = 0] = crypto.getRandomValues(new Uint16Array(1));
  return `qwen-tts-vc-${preferredName}-voice-${time}-${random.toString(16).padStart(4, "0")}`;
}

/** `2025-08-11 17:59:32`: the list's timestamps carry no zone. */
export function zonelessTime(isoTime: string): string {
  return isoTime.slice(0, 19).replace("T", " ");
}
