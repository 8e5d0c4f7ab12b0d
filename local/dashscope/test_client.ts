import { z } from "zod";
import { customizationPath } from "./provider.ts";

/** An answer read whole. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const apiKey = "sk-simulated";

/** A client of one simulator, for its tests: over a socket with a `url`, or straight into an app's `fetch`. */
export function createTestClient(
  simulator: { url: string } | { fetch(request: Request): Promise<Response> },
) {
  const origin = "url" in simulator ? simulator.url : "http://simulator.localhost";
  const send = "url" in simulator ? fetch : simulator.fetch;

  // Deno's fetch silently sends a request again when a connection it reused breaks before an answer: what these tests
  // cut on purpose must not be repeated, so that every request gets a connection of its own.
  const always = { connection: "close" };

  async function request(
    method: string,
    path: string,
    body?: string,
    headers?: HeadersInit,
  ): Promise<Answer> {
    const response = await send(
      new Request(origin + path, { method, body, headers: { ...always, ...headers } }),
    );
    const text = await response.text();
    const json = response.headers.get("content-type")?.startsWith("application/json");
    return { status: response.status, body: json ? JSON.parse(text) : text };
  }

  const call = (body: unknown, headers: Record<string, string> = {}) =>
    request("POST", customizationPath, typeof body === "string" ? body : JSON.stringify(body), {
      "authorization": `Bearer ${apiKey}`,
      "content-type": "application/json",
      ...headers,
    });
  const action = (input: Record<string, unknown>) => call({ model: "qwen-voice-enrollment", input });

  return {
    request,
    call,
    /** A right `create`, with the fields given in place of its own. */
    create: (fields: Record<string, unknown> = {}) => action({ ...createInput(), ...fields }),
    list: (fields: Record<string, unknown> = {}) => action({ action: "list", ...fields }),
    delete: (voice: unknown) => action({ action: "delete", voice }),
    control: (method: string, path: string, body?: unknown) =>
      request(method, `/control${path}`, body === undefined ? undefined : JSON.stringify(body)),
  };
}

/** The options every simulator of these tests starts from. */
export const testOptions = { apiKey, now: () => new Date("2026-03-04T05:06:07.089Z") };

/** What a right `create` asks for. */
export function createInput() {
  return {
    action: "create",
    target_model: "qwen3-tts-vc-2026-01-22",
    preferred_name: "Ada_0123456789",
    audio: { data: dataUrl("audio/wav", wav({ seconds: 3 })) },
    text: "Hello, and thank you.",
    language: "en",
  };
}

/** A silent 16-bit mono WAV; 24 kHz if not said. */
export function wav(options: { seconds: number; sampleRate?: number }): Uint8Array<ArrayBuffer> {
  const { seconds, sampleRate = 24_000 } = options;
  const size = seconds * sampleRate * 2;
  const bytes = new Uint8Array(44 + size);
  const view = new DataView(bytes.buffer);
  const write = (offset: number, text: string) => bytes.set(new TextEncoder().encode(text), offset);
  write(0, "RIFF");
  view.setUint32(4, 36 + size, true);
  write(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  write(36, "data");
  view.setUint32(40, size, true);
  return bytes;
}

/** A base64 data URL. */
export function dataUrl(type: string, bytes: Uint8Array): string {
  return `data:${type};base64,${bytes.toBase64()}`;
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
