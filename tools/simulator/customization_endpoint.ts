import { Buffer } from "node:buffer";
import { z } from "zod";
import type { Bytes } from "../../supabase/functions/_shared/bytes.ts";
import { type Endpoint, isTargetModel, parseParameters, parseRequest, type Success } from "./endpoint.ts";
import { readReference } from "./reference.ts";
import { checkReferenceAudio } from "./reference_audio.ts";
import type { SimulatorState } from "./simulator_state.ts";
import { gmtCreateOf } from "./voice_id_shapes.ts";

export const customizationPath = "/api/v1/services/audio/tts/customization";

const enrollmentModel = "qwen-voice-enrollment";
const languages = ["zh", "en", "de", "it", "pt", "es", "ja", "ko", "fr", "ru"];
const atMostAMillion = z.number().int().min(0).max(1_000_000);

const actionSchema = z.object({ action: z.enum(["create", "list", "delete"]) });

const createSchema = z.object({
  target_model: z.string().refine(isTargetModel),
  preferred_name: z.string().regex(/^[A-Za-z0-9_]{1,16}$/),
  audio: z.object({ data: z.string().min(1) }),
  text: z.string().optional(),
  language: z.enum(languages).optional(),
});

const listSchema = z.object({ page_index: atMostAMillion.default(0), page_size: atMostAMillion.default(10) });

const deleteSchema = z.object({ voice: z.string().min(1) });

/** Create, list and delete as `docs/qwen-api.md` describes them. The transcript is not compared with the audio. */
export function createCustomization(
  { account, settings }: Pick<SimulatorState, "account" | "settings">,
  options: { downloadTimeoutMs: number },
): Endpoint {
  async function create(input: unknown): Promise<Success> {
    const asked = parseParameters(createSchema, input);
    account.checkRoom();
    const { bytes, delivery } = await readReference(asked.audio.data, options.downloadTimeoutMs);
    await checkReferenceAudio(bytes);
    const { voice } = account.create({
      targetModel: asked.target_model,
      preferredName: asked.preferred_name,
      language: asked.language ?? "zh",
      textLength: asked.text?.length ?? 0,
      audio: { sha256: await sha256(bytes), bytes: bytes.length, delivery },
    });
    return { output: { voice, target_model: asked.target_model }, usage: { count: 1 } };
  }

  function list(input: unknown): Success {
    const page = parseParameters(listSchema, input);
    const voices = account.voices();
    const start = page.page_index * page.page_size;
    const voiceList = voices.slice(start, start + page.page_size).map((voice) => {
      const made = gmtCreateOf(settings.idShape, Date.parse(voice.createdAt));
      const { targetModel: target_model, language } = voice;
      return { voice: voice.voice, target_model, language, gmt_create: made, gmt_modified: made };
    });
    return { output: { ...page, total_count: voices.length, voice_list: voiceList }, usage: { count: 0 } };
  }

  function remove(input: unknown): Success {
    const { voice } = parseParameters(deleteSchema, input);
    account.delete(voice);
    return { output: { voice }, usage: { count: 0 } };
  }

  return {
    path: customizationPath,
    actionOf: (body) => z.object({ input: actionSchema }).safeParse(body).data?.input.action,
    async answer(body) {
      const { input } = parseRequest(body, (model) => model === enrollmentModel);
      const { action } = parseParameters(actionSchema, input);
      if (action === "create") return await create(input);
      return action === "list" ? list(input) : remove(input);
    },
  };
}

async function sha256(bytes: Bytes): Promise<string> {
  return Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex");
}
