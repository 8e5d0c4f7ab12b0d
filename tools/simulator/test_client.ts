import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Bytes } from "../../supabase/functions/_shared/bytes.ts";
import { customizationPath } from "./customization_endpoint.ts";
import { createSimulatorApp, type SimulatorOptions } from "./simulator.ts";
import { synthesisPath } from "./synthesis_endpoint.ts";
import { encodeWav } from "./wav_writer.ts";

export type Answer = { status: number; body: unknown };

const apiKey = "sk-simulated";
const newestModel = "qwen3-tts-vc-2026-01-22";

/** A client of one simulator, for its tests: over a socket with a `url`, or straight into an app's `fetch`. */
export function createTestClient(
  simulator: { url: string } | { fetch(request: Request): Promise<Response> },
) {
  const origin = "url" in simulator ? simulator.url : "http://simulator.localhost";
  const send = "url" in simulator ? fetch : simulator.fetch;

  // Deno's fetch repeats a request when a reused connection breaks before an answer: a cut call would take effect twice.
  const always = { connection: "close" };

  async function request(method: string, path: string, body?: string, headers = {}): Promise<Answer> {
    const init = { method, body, headers: { ...always, ...headers } };
    const response = await send(new Request(origin + path, init));
    const text = await response.text();
    const json = response.headers.get("content-type")?.startsWith("application/json");
    return { status: response.status, body: json ? JSON.parse(text) : text };
  }

  const post = (path: string) => (body: unknown, headers: Record<string, string> = {}) =>
    request("POST", path, typeof body === "string" ? body : JSON.stringify(body), {
      "authorization": `Bearer ${apiKey}`,
      "content-type": "application/json",
      ...headers,
    });
  const call = post(customizationPath);
  const callSynthesis = post(synthesisPath);
  const action = (input: Record<string, unknown>) => call({ model: "qwen-voice-enrollment", input });

  return {
    request,
    call,
    /** A right `create`, with the fields given in place of its own. */
    create: (fields: Record<string, unknown> = {}) => action({ ...createInput(), ...fields }),
    list: (fields: Record<string, unknown> = {}) => action({ action: "list", ...fields }),
    delete: (voice: unknown) => action({ action: "delete", voice }),
    callSynthesis,
    /** A right synthesis with this voice, with the fields given in place of its own. */
    synthesize: (voice: string, fields: Record<string, unknown> = {}, model = newestModel) =>
      callSynthesis({ model, input: { text: "Good morning.", voice, ...fields } }),
    download: (url: string) => send(new Request(url, { headers: always })),
    control: (method: string, path: string, body?: unknown) =>
      request(method, `/control${path}`, body === undefined ? undefined : JSON.stringify(body)),
  };
}

export const testOptions = { apiKey, now: () => new Date("2026-03-04T05:06:07.089Z") };

export function createTestApp(options: Partial<SimulatorOptions> = {}) {
  const app = createSimulatorApp({ ...testOptions, ...options });
  return { app, client: createTestClient(app) };
}

/** Version 4, as request ids are. */
export const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export function createInput() {
  return {
    action: "create",
    target_model: newestModel,
    preferred_name: "Ada_0123456789",
    audio: { data: dataUrl("audio/wav", wav({ seconds: 3 })) },
    text: "Hello, and thank you.",
    language: "en",
  };
}

/** A 16-bit mono WAV of a tone; 24 kHz, and at most a tenth of full scale, if not said. */
export function wav(
  { seconds, sampleRate = 24_000, level = 3_277 }: { seconds: number; sampleRate?: number; level?: number },
): Bytes {
  const samples = new Int16Array(seconds * sampleRate)
    .map((_, index) => Math.round(level * Math.sin(index / sampleRate * 220 * 2 * Math.PI)));
  return encodeWav(samples, sampleRate);
}

export function dataUrl(type: string, bytes: Uint8Array): string {
  return `data:${type};base64,${Buffer.from(bytes).toString("base64")}`;
}

const errorSchema = z.strictObject({ request_id: z.uuid(), code: z.string(), message: z.string().min(1) });

/** Status and code of an answer that must be a flat DashScope error and nothing else. */
export function refusal(answer: Answer): string {
  return `${answer.status} ${errorSchema.parse(answer.body).code}`;
}

/** The voice id of an answer that must be a success of `create`. */
export function voiceOf(answer: Answer): string {
  return z.object({ output: z.object({ voice: z.string() }) }).parse(answer.body).output.voice;
}

/** Where an answer that must be a success of synthesis says that its audio is. */
export function audioUrlOf(answer: Answer): string {
  return z.object({ output: z.object({ audio: z.object({ url: z.url() }) }) }).parse(answer.body).output.audio
    .url;
}

/** The samples of a WAV file, which must be 24 kHz, mono and 16-bit, and say its own size rightly. */
export function samplesOf(wavFile: Bytes): Int16Array {
  const view = new DataView(wavFile.buffer);
  const text = (start: number) => new TextDecoder().decode(wavFile.subarray(start, start + 4));
  assert.deepEqual([text(0), text(8), text(12), text(36)], ["RIFF", "WAVE", "fmt ", "data"]);
  assert.equal(view.getUint32(4, true), wavFile.length - 8);
  const [coding, channels, bytesPerFrame, bits] = [20, 22, 32, 34].map((at) => view.getUint16(at, true));
  const [sampleRate, bytesPerSecond] = [view.getUint32(24, true), view.getUint32(28, true)];
  assert.deepEqual({ coding, channels, bits }, { coding: 1, channels: 1, bits: 16 });
  assert.deepEqual([sampleRate, bytesPerSecond, bytesPerFrame], [24_000, 48_000, 2]);
  assert.equal(view.getUint32(40, true), wavFile.length - 44);
  // Deno's platforms are little-endian, as WAV is.
  return new Int16Array(wavFile.buffer.slice(44));
}

/** Compares sounds by digest: assert takes minutes to show where samples differ. */
export function soundOf(samples: Int16Array): string {
  return createHash("sha256").update(samples).digest("hex");
}
