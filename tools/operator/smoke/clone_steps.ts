import { z } from "zod";
import type { Clip } from "../clip_file.ts";
import { Failure, readJson } from "../http_client.ts";
import type { SmokeClient } from "./smoke_client.ts";

/** What every row of the voice list has. */
const rowSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  language: z.string(),
  tts_provider: z.enum(["qwen", "modal"]),
});
/** A row of the voice list, whole. */
export type Row = z.infer<typeof rowSchema>;

/** Rows that are as the API's provider promises: of qwen, ready for synthesis. */
const readyRows = {
  qwen: z.object({
    tts_provider: z.literal("qwen"),
    provider_voice_id: z.string().min(1),
    provider_target_model: z.string().min(1),
    provider_voice_kind: z.literal("vc"),
    provider_region: z.enum(["intl", "cn"]),
    provider_request_id: z.string().min(1),
    provider_metadata: z.record(z.string(), z.unknown()),
  }),
  modal: z.object({ tts_provider: z.literal("modal") }),
};

const uploadSchema = z.object({ voice_id: z.uuid(), upload_url: z.url(), object_key: z.string() });
const finalizedSchema = z.object({ id: z.string(), name: z.string() });
const listSchema = z.object({ voices: z.array(rowSchema) });

/**
 * Asks for an upload URL, PUTs the clip, finalizes, lists, and checks that the voice stands in the list as the API's
 * provider promises.
 * @throws {Failure} naming the step
 */
export async function cloneVoice(
  { step, ask, call }: SmokeClient,
  { provider, clip, name, language }: {
    provider: "qwen" | "modal";
    clip: Clip;
    name: string;
    language: string;
  },
): Promise<Row> {
  const details = { name, language, transcript: clip.transcript };

  const upload = await step(
    "POST clone/upload-url",
    async () => readJson(await call("/clone/upload-url", { json: details }), uploadSchema),
    ({ voice_id: id }) => `voice ${id}`,
  );

  await step("PUT the clip", async () => {
    const headers = { "content-type": clip.contentType };
    await ask(upload.upload_url, { method: "PUT", headers, body: clip.bytes });
  }, () => `${clip.bytes.length} bytes of ${clip.contentType}`);

  const finalized = await step("POST clone/finalize", async () => {
    const json = { voice_id: upload.voice_id, ...details };
    const voice = readJson(await call("/clone/finalize", { json }), finalizedSchema);
    if (voice.id !== upload.voice_id) {
      throw new Failure(`It answered voice ${voice.id}, not the one uploaded.`);
    }
    return voice;
  });

  return await step("GET voices", async () => {
    const { voices } = readJson(await call("/voices"), listSchema);
    const row = voices.find(({ id }) => id === finalized.id);
    if (!row) throw new Failure("The finalized voice is not in the list.");
    if (row.name !== finalized.name) {
      throw new Failure(`The list names it "${row.name}", not "${finalized.name}".`);
    }
    const { error } = readyRows[provider].safeParse(row);
    if (!error) return row;
    const problems = error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new Failure(`The row is not ready for ${provider}. ${problems.join("; ")}.`);
  });
}
