import { z } from "zod";

/** What every row of the voice list has. */
export const rowSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  language: z.string(),
  tts_provider: z.enum(["qwen", "modal"]),
});
/** A row of the voice list, whole. */
export type Row = z.infer<typeof rowSchema>;

/** A qwen row that is ready for synthesis. */
const qwenSchema = z.object({
  tts_provider: z.literal("qwen"),
  provider_voice_id: z.string().min(1),
  provider_target_model: z.string().min(1),
  provider_voice_kind: z.literal("vc"),
  provider_region: z.enum(["intl", "cn"]),
  provider_request_id: z.string().min(1),
  provider_metadata: z.record(z.string(), z.unknown()),
});

const modalSchema = z.object({ tts_provider: z.literal("modal") });

/** What the row lacks of what the API's provider promises, one `field: why` each; empty when nothing. */
export function problemsOf(row: Row, provider: "qwen" | "modal"): string[] {
  const result = (provider === "qwen" ? qwenSchema : modalSchema).safeParse(row);
  return result.error?.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`) ?? [];
}
