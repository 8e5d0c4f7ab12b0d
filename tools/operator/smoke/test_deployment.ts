import { z } from "zod";
import { encodeWav } from "../../simulator/wav_writer.ts";
import { readClip } from "./clip.ts";
import type { SmokeRun } from "./run.ts";

/** The voice that the hand-made deployment makes. */
export const voiceId = "3b0f2f7e-62a1-4a52-8c7c-0a4b6e1c9d11";
/** What it says with it, and in which task and generation. */
export const text = "Hello. A moment ago, this voice was only a recording.";
export const taskId = "6f1f8a52-0c5e-4d0a-9a77-5f3f0f1f7a21";
export const generationId = "9d3d2c5e-1b7a-4f0e-8a55-2e9c1d7b6f31";

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

/** Silence as the provider's WAV files are, `seconds` long. */
export const audioOf = (seconds: number, sampleRate = 24_000) =>
  encodeWav(new Int16Array(seconds * sampleRate), sampleRate);

/** What it answers for `/languages`. */
export const languages = (provider: string, speaks = provider === "qwen") => ({
  body: { provider, capabilities: { supports_generate: speaks, max_text_chars: 600 } },
});

/** What it answers for a task that is not over. */
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

/** One answer: bytes and text as they are, anything else as JSON. */
export type Answer = { status?: number; headers?: Record<string, string>; body?: unknown };
/** Answers by method and path; of a list one after the other, the last one for ever. */
export type Answers = Record<string, Answer | Answer[]>;

const bytesOrText = z.union([z.string(), z.instanceof(Uint8Array)]);

function responseOf({ status = 200, headers, body }: Answer): Response {
  const plain = bytesOrText.safeParse(body ?? "");
  return plain.success
    ? new Response(plain.data, { status, headers })
    : Response.json(body, { status, headers });
}

/**
 * A hand-made deployment on a real socket that goes right but for `answers`; `seen` is what it was asked, and `run` a
 * run against it, which leaves what it does in `lines`, `saved` and `slept`.
 */
export async function deployment(answers: Answers = {}) {
  const seen: { route: string; headers: Headers; body: string }[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const route = `${request.method} ${pathname}`;
    const before = seen.filter((one) => one.route === route).length;
    seen.push({ route, headers: request.headers, body: await request.text() });
    const found = { ...standard, ...answers }[route] ?? { status: 404, body: { detail: "Not here." } };
    const all = Array.isArray(found) ? found : [found];
    return responseOf(all[before] ?? all.at(-1) ?? {});
  });
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const api = `${origin}/functions/v1/api`;
  const completed = {
    ...underWay,
    status: "completed",
    provider_poll_count: 1,
    result: { audio_url: `${api}/generations/${generationId}/audio` },
  };
  const standard: Answers = {
    "GET /functions/v1/api/languages": languages("qwen"),
    "POST /auth/v1/signup": { body: { access_token: "the-jwt" } },
    "POST /functions/v1/api/clone/upload-url": {
      body: {
        voice_id: voiceId,
        upload_url: `${origin}/upload?token=signed`,
        object_key: `u/${voiceId}/reference.wav`,
      },
    },
    "PUT /upload": { body: { Key: "references/x" } },
    "POST /functions/v1/api/clone/finalize": { body: { id: voiceId, name: "Smoke test" } },
    "GET /functions/v1/api/voices": { body: { voices: [{ ...row, id: "another" }, row], pagination: {} } },
    "POST /functions/v1/api/generate": {
      body: {
        task_id: taskId,
        status: "processing",
        is_long_running: true,
        estimated_duration_minutes: 1,
        generation_id: generationId,
      },
    },
    [`GET /functions/v1/api/tasks/${taskId}`]: { body: completed },
    [`GET /functions/v1/api/generations/${generationId}/audio`]: {
      status: 302,
      headers: { location: `${origin}/audio?token=signed` },
    },
    "GET /audio": { headers: { "content-type": "audio/wav" }, body: audioOf(4) },
  };
  const lines: string[] = [];
  const saved: Uint8Array[] = [];
  const slept: number[] = [];
  const run: SmokeRun = {
    api,
    supabase: origin,
    key: "sb_publishable_key",
    clip: await readClip(),
    name: "Smoke test",
    language: "English",
    text,
    save: (bytes) => Promise.resolve(void saved.push(bytes)),
    print: (line) => lines.push(line),
    sleep: (ms) => Promise.resolve(void slept.push(ms)),
  };
  return { origin, seen, lines, saved, slept, run, [Symbol.asyncDispose]: () => server.shutdown() };
}
