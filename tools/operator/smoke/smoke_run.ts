import { z } from "zod";
import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";
import { generateSpeech } from "../../../supabase/functions/_shared/contract/generate_speech.ts";
import { getTask } from "../../../supabase/functions/_shared/contract/get_task.ts";
import { textLength } from "../../../supabase/functions/_shared/tts/text_length.ts";
import type { Log } from "../../stack/terminal.ts";
import type { Clip } from "../clip_file.ts";
import {
  type Answer,
  expectStatus,
  Failure,
  readJson,
  request,
  type RequestOptions,
} from "../http_client.ts";
import { type Audio, inSeconds, readSpokenAudio } from "../spoken_audio.ts";
import { createSteps, type Step, until } from "../steps.ts";

/** Where to clone a voice, which, and what it says. */
export type SmokeRun = {
  /** Base URL of the API, without a slash at its end. */
  api: string;
  /** Base URL of the project and a user's access token: one of them is needed. Without a token a user is signed up. */
  supabase?: string;
  token?: string;
  /** The publishable key. */
  key?: string;
  clip: Clip;
  name: string;
  language: string;
  text: string;
  /** The text's; the voice's own when not given. */
  textLanguage?: string;
  /** Gets what was spoken, as it came and before it is checked. */
  save: (bytes: Bytes) => Promise<void>;
  /** Gets one line a step. */
  print: Log;
  fetch?: typeof fetch;
  /** For each request, in milliseconds. */
  timeoutMs?: number;
  /** For the task in milliseconds; two minutes when not given, which is how long the function keeps at it by itself. */
  deadlineMs?: number;
  sleep?: (ms: number) => Promise<void>;
};

/** How the steps ask. Each answer must be as wanted, 2xx when that is not given. */
type Client = {
  step: Step;
  ask: (url: string, options?: RequestOptions & { wanted?: number }) => Promise<Answer>;
  /** Asks a route of the API for the user. */
  call: (path: string, options?: { json?: unknown; wanted?: number }) => Promise<Answer>;
};

const languagesSchema = z.object({
  provider: z.enum(["qwen", "modal"]),
  capabilities: z.object({ supports_generate: z.boolean(), max_text_chars: z.number() }),
});
const sessionSchema = z.object({
  access_token: z.string({
    error: "missing: does the project ask for the email to be confirmed? Then use --token",
  }),
});
const uploadSchema = z.object({ voice_id: z.uuid(), upload_url: z.url(), object_key: z.string() });
const finalizedSchema = z.object({ id: z.string(), name: z.string() });
const rowSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  language: z.string(),
  tts_provider: z.enum(["qwen", "modal"]),
});
const listSchema = z.object({ voices: z.array(rowSchema) });
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
const notReadySchema = z.object({ code: z.literal("voice_not_ready"), detail: z.string() });

/** A row of the voice list, whole. */
export type Row = z.infer<typeof rowSchema>;

/**
 * Signs up, clones a voice and has it speak, or checks that the API says that it does not speak. Gives the voice as the
 * list has it, and the audio, null where the API's provider does not speak.
 * @throws {Failure} naming the step and the reason
 */
export async function runSmoke(run: SmokeRun): Promise<{ row: Row; audio: Audio | null }> {
  const { api, key, text, timeoutMs, fetch } = run;
  const step = createSteps({ print: run.print, width: 24, numbered: false });
  const ask: Client["ask"] = async (url, { wanted, ...options } = {}) =>
    expectStatus(await request(url, { timeoutMs, fetch, ...options }), wanted);

  const { provider, speaks } = await step("GET languages", async () => {
    const { provider, capabilities } = readJson(await ask(`${api}/languages`, { key }), languagesSchema);
    const { supports_generate: speaks, max_text_chars: most } = capabilities;
    // Before a voice is paid for.
    if (speaks && textLength(text) > most) {
      throw new Failure(`The text is longer than the ${most} characters that it speaks.`);
    }
    if (speaks !== (provider === "qwen")) {
      throw new Failure(`It says supports_generate ${speaks} for ${provider}.`);
    }
    return { provider, speaks };
  }, ({ provider }) => `provider ${provider}`);

  const token = run.token ?? await step("Sign up", async () => {
    const json = { email: `smoke-${crypto.randomUUID()}@example.com`, password: crypto.randomUUID() };
    return readJson(await ask(`${run.supabase}/auth/v1/signup`, { key, json }), sessionSchema).access_token;
  });
  const headers = { authorization: `Bearer ${token}` };
  const call: Client["call"] = (path, options) => ask(`${api}${path}`, { key, headers, ...options });

  const row = await cloneVoice({ step, ask, call }, run, provider);
  if (speaks) return { row, audio: await speak({ step, ask, call }, row.id, run) };
  await step("POST generate", async () => {
    const json = { voice_id: row.id, text, language: run.textLanguage };
    readJson(await call("/generate", { json, wanted: 409 }), notReadySchema);
  }, () => "409 voice_not_ready: speaking is off");
  return { row, audio: null };
}

/** Asks for an upload URL, PUTs the clip, finalizes, lists, and checks that the voice is listed as it should be. */
async function cloneVoice({ step, ask, call }: Client, run: SmokeRun, provider: Row["tts_provider"]) {
  const { name, language, clip: { bytes, contentType, transcript } } = run;
  const details = { name, language, transcript };

  const upload = await step(
    "POST clone/upload-url",
    async () => readJson(await call("/clone/upload-url", { json: details }), uploadSchema),
    ({ voice_id: id }) => `voice ${id}`,
  );

  await step("PUT the clip", async () => {
    await ask(upload.upload_url, { method: "PUT", headers: { "content-type": contentType }, body: bytes });
  }, () => `${bytes.length} bytes of ${contentType}`);

  const finalized = await step("POST clone/finalize", async () => {
    const json = { voice_id: upload.voice_id, ...details };
    const voice = readJson(await call("/clone/finalize", { json }), finalizedSchema);
    if (voice.id === upload.voice_id) return voice;
    throw new Failure(`It answered voice ${voice.id}, not the one uploaded.`);
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

/** Has the text spoken, waits until that is over, fetches the audio and checks it. */
async function speak({ step, ask, call }: Client, voiceId: string, run: SmokeRun): Promise<Audio> {
  const { text, deadlineMs = 120_000 } = run;
  const { task_id: taskId, generation_id: generationId } = await step("POST generate", async () => {
    const json = { voice_id: voiceId, text, language: run.textLanguage };
    return readJson(await call("/generate", { json }), generateSpeech.answer.schema());
  }, ({ task_id: id }) => `task ${id}`);

  await step("GET tasks", async () => {
    const task = await until({
      look: async () => readJson(await call(`/tasks/${taskId}`), getTask.answer.schema()),
      holds: ({ status }) => status !== "pending" && status !== "processing",
      otherwise: ({ id, status }) => `Task ${id} is still ${status} after ${deadlineMs / 1_000} s.`,
      deadlineMs,
      pause: { first: 250, factor: 1.5, most: 3_000 },
      sleep: run.sleep,
    });
    if (task.status !== "completed") {
      throw new Failure(`The task is ${task.status}. ${task.error ?? ""}`.trimEnd());
    }
    if (task.voice_id !== voiceId || task.generation_id !== generationId) {
      throw new Failure("It is the task of another generation.");
    }
    if (!task.result?.audio_url.endsWith(`/generations/${generationId}/audio`)) {
      throw new Failure("The task is completed, and its audio_url is not that of the generation.");
    }
    return task;
  }, ({ provider_poll_count: asked }) => `completed, taken up ${asked === 1 ? "once" : `${asked} times`}`);

  const { audio } = await step("GET generations/audio", async () => {
    const { headers } = await call(`/generations/${generationId}/audio`, { wanted: 302 });
    const location = URL.parse(headers.get("location") ?? "");
    if (!/^https?:$/.test(location?.protocol ?? "")) {
      throw new Failure("The redirect names no URL.");
    }
    // Without any header: the URL carries its own right, and the user's token is none of its host's business.
    const { bytes } = await ask(`${location}`);
    await run.save(bytes);
    return { size: bytes.length, audio: await readSpokenAudio(bytes, text) };
  }, ({ size, audio }) => `${size} bytes, ${inSeconds(audio.durationSeconds)} at ${audio.sampleRate} Hz`);
  return audio;
}

/** Which provider the API at a base URL uses. Throws a Failure when it does not say. */
export async function providerOf(api: string): Promise<Row["tts_provider"]> {
  const answer = expectStatus(await request(`${api}/languages`, { timeoutMs: 10_000 }));
  return readJson(answer, languagesSchema).provider;
}
