import { z } from "zod";
import { encodeWav } from "../../simulator/wav.ts";
import { readOwnClip } from "../clip_file.ts";
import type { SmokeRun } from "./smoke_run.ts";

/** The voice that the fake deployment makes, and the task and generation in which it speaks. */
export const voiceId = "3b0f2f7e-62a1-4a52-8c7c-0a4b6e1c9d11";
export const taskId = "6f1f8a52-0c5e-4d0a-9a77-5f3f0f1f7a21";
export const generationId = "9d3d2c5e-1b7a-4f0e-8a55-2e9c1d7b6f31";
/** What it says, in 53 characters. */
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
  task: `GET ${API}/tasks/${taskId}`,
  redirect: `GET ${API}/generations/${generationId}/audio`,
  audio: "GET /audio",
};
/** One of them. */
export type RouteName = keyof typeof routes;

/** The voice's row in its list. */
export const row = {
  id: voiceId,
  name: "Smoke test",
  language: "English",
  tts_provider: "qwen",
  provider_voice_id: "qwen-tts-vc-Smoke_0123456789-voice-20260304050607089-0a1b",
  provider_target_model: "qwen3-tts-vc-2026-01-22",
  provider_voice_kind: "vc",
  provider_region: "intl",
  provider_request_id: "5e6f",
  provider_metadata: { usage: { count: 1 } },
};
/** The same where the provider is modal. */
export const modalRow = { id: voiceId, name: "Smoke test", language: "English", tts_provider: "modal" };

/** Silence as the provider's WAV files are, `seconds` long. */
export const audioOf = (seconds: number, sampleRate = 24_000) =>
  encodeWav(new Int16Array(seconds * sampleRate), sampleRate);

/** What `/languages` answers. */
export const languages = (provider: string, speaks = provider === "qwen"): Answer => ({
  body: { provider, capabilities: { supports_generate: speaks, max_text_chars: 600 } },
});

/** What is answered for a task that is not over, and for one that is completed. */
export const underWay = {
  id: taskId,
  type: "generate",
  status: "processing",
  provider: "qwen",
  provider_status: null,
  provider_poll_count: 0,
  generation_id: generationId,
  voice_id: voiceId,
  result: null,
  error: null,
  created_at: "2026-11-22T12:00:00Z",
  updated_at: "2026-11-22T12:00:00Z",
  completed_at: null,
};
export const completed = {
  ...underWay,
  status: "completed",
  provider_poll_count: 1,
  result: { audio_url: `https://project.test${API}/generations/${generationId}/audio` },
};

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
  const standard: Record<RouteName, Answer> = {
    languages: languages("qwen"),
    signUp: { body: { access_token: "the-jwt" } },
    uploadUrl: {
      body: {
        voice_id: voiceId,
        upload_url: `${origin}/upload?token=signed`,
        object_key: `u/${voiceId}/reference.wav`,
      },
    },
    put: { body: { Key: "references/x" } },
    finalize: { body: { id: voiceId, name: "Smoke test" } },
    voices: { body: { voices: [{ ...row, id: "another" }, row], pagination: {} } },
    generate: {
      body: {
        task_id: taskId,
        status: "processing",
        is_long_running: true,
        estimated_duration_minutes: 1,
        generation_id: generationId,
      },
    },
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
    name: "Smoke test",
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
