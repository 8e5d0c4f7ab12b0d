import { z } from "zod";
import type { Clip } from "./clip.ts";
import { parseJson, SmokeFailure } from "./http.ts";
import { problemsOf, type Row, rowSchema } from "./row.ts";
import type { Steps } from "./steps.ts";

/** Which voice to clone, and for whom. */
export interface Cloning {
  readonly api: string;
  /** The headers of a user's requests. */
  readonly user: Record<string, string>;
  readonly provider: "qwen" | "modal";
  readonly clip: Clip;
  readonly name: string;
  readonly language: string;
}

/**
 * Asks for an upload URL, PUTs the clip, finalizes, lists, and checks that the voice stands in the list as the API's
 * provider promises. Returns its row. Throws SmokeFailure.
 */
export async function cloneVoice({ step, ask, post }: Steps, cloning: Cloning): Promise<Row> {
  const { api, user, clip, provider } = cloning;
  const details = { name: cloning.name, language: cloning.language, transcript: clip.transcript };

  const upload = await step(
    "POST clone/upload-url",
    async () => await parseJson(await post(`${api}/clone/upload-url`, user, details), uploadSchema),
    ({ voice_id: id }) => `voice ${id}`,
  );

  await step("PUT the clip", async () => {
    const headers = { "content-type": clip.contentType };
    await ask(upload.upload_url, { method: "PUT", headers, body: clip.bytes });
  }, () => `${clip.bytes.length} bytes of ${clip.contentType}`);

  const finalized = await step("POST clone/finalize", async () => {
    const answer = await post(`${api}/clone/finalize`, user, { voice_id: upload.voice_id, ...details });
    const voice = await parseJson(answer, finalizedSchema);
    if (voice.id !== upload.voice_id) {
      throw new SmokeFailure(`It answered voice ${voice.id}, not the one uploaded.`);
    }
    return voice;
  });

  return await step("GET voices", async () => {
    const { voices } = await parseJson(await ask(`${api}/voices`, { headers: user }), listSchema);
    const row = voices.find(({ id }) => id === finalized.id);
    if (!row) throw new SmokeFailure("The finalized voice is not in the list.");
    if (row.name !== finalized.name) {
      throw new SmokeFailure(`The list names it "${row.name}", not "${finalized.name}".`);
    }
    const problems = problemsOf(row, provider);
    if (problems.length > 0) {
      throw new SmokeFailure(`The row is not ready for ${provider}. ${problems.join("; ")}.`);
    }
    return row;
  });
}

const uploadSchema = z.object({ voice_id: z.uuid(), upload_url: z.url(), object_key: z.string() });
const finalizedSchema = z.object({ id: z.string(), name: z.string() });
const listSchema = z.object({ voices: z.array(rowSchema) });
