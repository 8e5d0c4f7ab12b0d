import { z } from "zod";
import { createUploadUrl } from "../../../supabase/functions/_shared/contract/create_upload_url.ts";
import { DETAILS, VOICE_ID } from "../../../supabase/functions/_shared/contract/examples.ts";
import { finalizeVoice } from "../../../supabase/functions/_shared/contract/finalize_voice.ts";
import { generateSpeech } from "../../../supabase/functions/_shared/contract/generate_speech.ts";
import { getLanguages } from "../../../supabase/functions/_shared/contract/get_languages.ts";
import { getTask } from "../../../supabase/functions/_shared/contract/get_task.ts";
import { listVoices } from "../../../supabase/functions/_shared/contract/list_voices.ts";
import { encodeWav } from "../../simulator/wav_writer.ts";
import { readOwnClip } from "../clip_file.ts";
import type { SmokeRun } from "./smoke_run.ts";

/** What it answers for the task, and the voice's row in its list: the examples of docs/openapi.json. */
export const completed = getTask.answer.example;
const [example] = listVoices.answer.example.voices;
export const row = { ...example, id: VOICE_ID, name: DETAILS.name, language: DETAILS.language };
/** The row where the provider is modal. */
export const modalRow = { id: row.id, name: row.name, language: row.language, tts_provider: "modal" };
/** What the voice says, in 53 characters. */
export const text = "Hello. A moment ago, this voice was only a recording.";

const API = "/functions/v1/api";
/** What a run asks, in this order. */
export const routes = {
  languages: `GET ${API}/languages`,
  signUp: "POST /auth/v1/signup",
  uploadUrl: `POST ${API}/clone/upload-url`,
  put: "PUT /upload",
  finalize: `POST ${API}/clone/finalize`,
  voices: `GET ${API}/voices`,
  generate: `POST ${API}/generate`,
  task: `GET ${API}/tasks/${completed.id}`,
  redirect: `GET ${API}/generations/${completed.generation_id}/audio`,
  audio: "GET /audio",
};
/** One of them. */
export type RouteName = keyof typeof routes;

/** Silence as the provider's WAV files are, `seconds` long. */
export const audioOf = (seconds: number, sampleRate = 24_000) =>
  encodeWav(new Int16Array(seconds * sampleRate), sampleRate);

/** What `/languages` answers. */
export const languages = (provider: string, speaks = provider === "qwen"): Answer => ({
  body: {
    provider,
    capabilities: { ...getLanguages.answer.example.capabilities, supports_generate: speaks },
  },
});

/** One answer: bytes and text as they are, anything else as JSON. */
export type Answer = { status?: number; headers?: Record<string, string>; body?: unknown };
/** Answers by route; of a list one after the other, the last one for ever. */
export type Answers = Partial<Record<RouteName, Answer | Answer[]>>;

const bytesOrText = z.union([z.string(), z.instanceof(Uint8Array)]);

/**
 * A fake deployment on a real socket that goes right but for `answers`; `seen` is what it was asked, and `run` a run
 * against it, which leaves what it does in `lines`, `saved` and `slept`.
 */
export async function deployment(answers: Answers = {}) {
  const seen: { route: string; headers: Headers; body: string }[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const route = `${request.method} ${new URL(request.url).pathname}`;
    const before = seen.filter((one) => one.route === route).length;
    seen.push({ route, headers: request.headers, body: await request.text() });
    const [name = ""] = Object.entries(routes).find(([, one]) => one === route) ?? [];
    const found = all[name] ?? { status: 404, body: { detail: "Not here." } };
    const { body, ...init } = (Array.isArray(found) ? found[before] ?? found.at(-1) : found) ?? {};
    const plain = bytesOrText.safeParse(body ?? "");
    return plain.success ? new Response(plain.data, init) : Response.json(body, init);
  });
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const upload_url = `${origin}/upload?token=signed`;
  const standard: Record<RouteName, Answer> = {
    languages: languages("qwen"),
    signUp: { body: { access_token: "the-jwt" } },
    uploadUrl: { body: { ...createUploadUrl.answer.example, upload_url } },
    put: { body: { Key: "references/x" } },
    finalize: { body: finalizeVoice.answer.example },
    voices: { body: { voices: [{ ...row, id: "another" }, row], pagination: {} } },
    generate: { body: generateSpeech.answer.example },
    task: { body: completed },
    redirect: { status: 302, headers: { location: `${origin}/audio?token=signed` } },
    audio: { headers: { "content-type": "audio/wav" }, body: audioOf(4) },
  };
  const all: Record<string, Answer | Answer[]> = { ...standard, ...answers };
  const lines: string[] = [];
  const saved: Uint8Array[] = [];
  const slept: number[] = [];
  const run: SmokeRun = {
    api: `${origin}${API}`,
    supabase: origin,
    key: "sb_publishable_key",
    clip: await readOwnClip(),
    name: row.name,
    language: "English",
    text,
    save: (bytes) => Promise.resolve(void saved.push(bytes)),
    print: (line) => lines.push(line),
    sleep: (ms) => Promise.resolve(void slept.push(ms)),
  };
  /** What was asked of a route. */
  const callsOf = (name: RouteName) => seen.filter(({ route }) => route === routes[name]);
  return { seen, callsOf, lines, saved, slept, run, [Symbol.asyncDispose]: () => server.shutdown() };
}
