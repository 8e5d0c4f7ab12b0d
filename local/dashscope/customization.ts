import { z } from "zod";
import type { Account } from "./account.ts";
import { checkAudio } from "./audio.ts";
import { DashScopeError } from "./errors.ts";
import { readReference } from "./reference.ts";
import { zonelessTime } from "./voice.ts";

const enrollmentModel = "qwen-voice-enrollment";
const newestTargetModel = "qwen3-tts-vc-2026-01-22";
const languages = ["zh", "en", "de", "it", "pt", "es", "ja", "ko", "fr", "ru"];
const atMostAMillion = z.number().int().min(0).max(1_000_000);

const bodySchema = z.object({ model: z.string(), input: z.unknown().optional() });

const actionSchema = z.object({ action: z.enum(["create", "list", "delete"]) });

const createSchema = z.object({
  // Pinned models compare by their date: the newest known one and whatever came before.
  target_model: z.string().regex(/^qwen3-tts-vc-\d{4}-\d{2}-\d{2}$/).refine((model) =>
    model <= newestTargetModel
  ),
  preferred_name: z.string().regex(/^[A-Za-z0-9_]{1,16}$/),
  audio: z.object({ data: z.string().min(1) }),
  text: z.string().optional(),
  language: z.enum(languages).optional(),
});

const listSchema = z.object({ page_index: atMostAMillion.default(0), page_size: atMostAMillion.default(10) });

const deleteSchema = z.object({ voice: z.string().min(1) });

/** A 2xx answer without its request id. */
export interface Success {
  readonly output: Readonly<Record<string, unknown>>;
  readonly usage: { readonly count: number };
}

/** The `customization` endpoint on one account: takes a parsed JSON body, answers or throws DashScopeError. */
export type Customization = (body: unknown) => Promise<Success>;

/**
 * Create, list and delete as `docs/qwen-api.md` describes them. The transcript is not compared with the audio.
 * A refused parameter is `InvalidParameter` and names its field, never its value.
 */
export function createCustomization(options: { account: Account; downloadTimeoutMs: number }): Customization {
  const { account, downloadTimeoutMs } = options;

  async function create(input: unknown): Promise<Success> {
    const asked = parse(createSchema, input);
    account.checkRoom();
    const { bytes, delivery } = await readReference(asked.audio.data, { timeoutMs: downloadTimeoutMs });
    checkAudio(bytes);
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
    const page = parse(listSchema, input);
    const voices = account.voices();
    const start = page.page_index * page.page_size;
    const voiceList = voices.slice(start, start + page.page_size).map((voice) => ({
      voice: voice.voice,
      target_model: voice.targetModel,
      language: voice.language,
      gmt_create: zonelessTime(voice.createdAt),
      gmt_modified: zonelessTime(voice.createdAt),
    }));
    return { output: { ...page, total_count: voices.length, voice_list: voiceList }, usage: { count: 0 } };
  }

  function remove(input: unknown): Success {
    const { voice } = parse(deleteSchema, input);
    account.delete(voice);
    return { output: { voice }, usage: { count: 0 } };
  }

  return async (body) => {
    const { model, input } = parse(bodySchema, body);
    if (model !== enrollmentModel) throw new DashScopeError("ModelNotFound");
    if (input === undefined || input === null) throw new DashScopeError("BadRequest.EmptyInput");
    const { action } = parse(actionSchema, input);
    if (action === "create") return await create(input);
    return action === "list" ? list(input) : remove(input);
  };
}

/** The action a body asks for, if it can be told: what calls are recorded and faults matched by. */
export function actionOf(body: unknown): "create" | "list" | "delete" | undefined {
  return z.object({ input: actionSchema }).safeParse(body).data?.input.action;
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const field = result.error.issues[0]?.path.join(".") || "body";
  throw new DashScopeError("InvalidParameter", {
    message: `Required parameter missing or invalid: ${field}.`,
  });
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
