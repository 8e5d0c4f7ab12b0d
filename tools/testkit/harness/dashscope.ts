// Stands in for DashScope, by msw: what it is asked is kept, and how it answers is a test's.
import { http, type RequestHandler } from "msw";
import { setupServer } from "msw/node";
import { z } from "zod";
import { createQwen, type QwenOptions } from "../../../supabase/functions/_shared/tts/providers/qwen.ts";
import { PROVIDER_KEY } from "./api.ts";

const HOSTS = { intl: "dashscope-intl.aliyuncs.com", cn: "dashscope.aliyuncs.com" } as const;
type Region = keyof typeof HOSTS;
const customizationUrl = (region: Region) =>
  `https://${HOSTS[region]}/api/v1/services/audio/tts/customization`;

const GENERATION_URL = `https://${HOSTS.intl}/api/v1/services/aigc/multimodal-generation/generation`;
/** What opens the speech to anyone; no answer and no log may hold it. */
export const SIGNATURE = "c2lnbmVkLWZvci1hLWRheQ";
/** Where the provider puts the speech: a bucket of Alibaba's object storage, given without TLS. */
export const RESULT_URL =
  `http://dashscope-result-sgp.oss-ap-southeast-1.aliyuncs.com/1d/speech.wav?Expires=1795435200&Signature=${SIGNATURE}`;
export const SPEECH = new TextEncoder().encode("RIFF what stands for speech");
export const TARGET_MODEL = "qwen3-tts-vc-2026-01-22";
/** What the provider says of its insides; no answer and no log may hold it. */
export const PROVIDER_MESSAGE = "account 4711 of Example Ltd in cell b-12";

export const qwen = (options: Partial<QwenOptions> = {}) =>
  createQwen({
    apiKey: PROVIDER_KEY,
    baseUrl: `https://${HOSTS.intl}`,
    region: "intl",
    targetModel: TARGET_MODEL,
    delivery: "signed_url",
    signedUrlTtlSeconds: 300,
    ...options,
  });

/** Codes that mean, whatever is asked, that the account is not set up, by their status. */
export const NOT_SET_UP: [status: number, codes: string[]][] = [
  [400, ["Arrearage", "SomethingNew", "BadRequest.EmptyInput", "BadRequest.EmptyParameters"]],
  [400, ["BadRequest.IllegalInput", "BadRequest.TooLarge"]],
  [401, ["InvalidApiKey", "NOT AUTHORIZED"]],
  [403, ["AccessDenied", "AccessDenied.Unpurchased", "Model.AccessDenied", "Workspace.AccessDenied"]],
  [403, ["AllocationQuota.FreeTierOnly"]],
  [404, ["ModelNotFound", "WorkSpaceNotFound"]],
  [429, ["CommodityNotPurchased", "PrepaidBillOverdue", "PostpaidBillOverdue"]],
];
/** Codes that come with 429 when too much is asked. */
export const THROTTLING = ["", ".RateQuota", ".BurstRate", ".AllocationQuota"].map((kind) =>
  `Throttling${kind}`
);
/** Codes that come with 500; those of refusals mean nothing there. */
export const SERVER_ERRORS =
  ("InternalError InternalError.Algo SystemError ModelServiceFailed RequestTimeOut " +
    "ModelServingError Whatever InvalidParameter Audio.DecoderError").split(" ");

const enrollmentBody = z.looseObject({
  model: z.string(),
  input: z.looseObject({ action: z.string(), audio: z.object({ data: z.string() }).optional() }),
});
const generationBody = z.looseObject({ model: z.string(), input: z.looseObject({}) });

export type ProviderCall = { headers: Record<string, string>; body: z.output<typeof enrollmentBody> };
export type SynthesisCall = { headers: Record<string, string>; body: z.output<typeof generationBody> };

export type ProviderAnswer = (call: ProviderCall) => Response | Promise<Response>;

export const actions = (calls: readonly ProviderCall[]): string[] =>
  calls.map((call) => call.body.input.action);

/** 200 with a voice named as the provider names it. */
export const voiceCreated = (overrides: Record<string, unknown> = {}): ProviderAnswer => ({ body }) =>
  Response.json({
    output: {
      voice: `qwen-tts-vc-${body.input.preferred_name}-voice-20261122120000000-1a2b`,
      target_model: body.input.target_model,
      ...overrides,
    },
    usage: { count: 1 },
    request_id: "f0e1d2c3-create",
  });

/** 200 with these voices, each as `{ voice, target_model }`. */
export const voiceList = (
  ...voices: { voice: string; target_model?: string; gmt_create?: string }[]
): ProviderAnswer =>
() =>
  Response.json({
    output: { page_index: 0, page_size: 1000, total_count: voices.length, voice_list: voices },
    usage: { count: 0 },
    request_id: "f0e1d2c3-list",
  });

export const speechMade = (audio: Record<string, unknown> = {}): ProviderAnswer => () =>
  Response.json({
    output: {
      finish_reason: "stop",
      audio: { data: "", url: RESULT_URL, id: "audio_f0e1d2c3", expires_at: 1795435200, ...audio },
    },
    usage: { characters: 41 },
    request_id: "f0e1d2c3-speak",
  });

/** A flat error as the provider documents them. */
export const providerError = (
  status: number,
  code: string,
  message = "internal detail of the provider",
): ProviderAnswer =>
() => Response.json({ request_id: "f0e1d2c3-error", code, message }, { status });

/** What a gateway in front of the provider sends at times. */
export const html = (status: number): ProviderAnswer => () =>
  new Response("<html><body>Bad Gateway</body></html>", { status, headers: { "Content-Type": "text/html" } });

export const connectionLost = (): ProviderAnswer => () => Response.error();

/** An answer that never comes; only the caller's timeout ends it. `reached` is called once the call is there. */
export const neverAnswers = (reached: () => void = () => {}): ProviderAnswer => () => {
  reached();
  return new Promise(() => {});
};

export const cutShort = (status: number): ProviderAnswer => () => {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"output":{"voice":"qwen-'));
      controller.error(new Error("the connection broke"));
    },
  });
  return new Response(body, { status, headers: { "Content-Type": "application/json" } });
};

/**
 * What msw does with a call that nobody stubbed: refuse it, and note it for the end of the test. Calls to this machine go
 * through.
 */
export function refuseUnstubbed(unexpected: string[]) {
  return {
    onUnhandledRequest(request: Request): void {
      const { hostname, origin } = new URL(request.url);
      if (hostname === "127.0.0.1") return;
      unexpected.push(`a call nobody stubbed: ${request.method} ${origin}`);
      throw new Error("a call nobody stubbed");
    },
  };
}

/** Runs `use` while these handlers stand in for all but this machine; whatever is unexpected fails the test. */
async function withHandlers(
  handlers: RequestHandler[],
  unexpected: string[],
  use: () => Promise<void>,
): Promise<void> {
  const server = setupServer(...handlers);
  server.listen(refuseUnstubbed(unexpected));
  try {
    await use();
  } finally {
    server.close();
  }
  if (unexpected.length > 0) throw new Error(unexpected.join("; "));
}

/** Answers calls in order, and wants exactly as many. */
function createScript(answers: readonly ProviderAnswer[], unexpected: string[]) {
  const waiting = [...answers];
  return {
    answer(call: ProviderCall): Response | Promise<Response> {
      const answer = waiting.shift();
      if (answer) return answer(call);
      unexpected.push(`a call too many: ${call.body.input.action}`);
      return Response.error();
    },
    assertDone(): void {
      if (waiting.length === 0) return;
      throw new Error(`${waiting.length} stubbed provider answers were never asked for`);
    },
  };
}

/**
 * Stands in for enrollment at DashScope while `use` runs. The calls must come in the order of `answers`, all of them and no
 * more, and nothing else may leave this machine: each is a failure of the test.
 */
export async function withDashScope(
  answers: ProviderAnswer[],
  use: (calls: ProviderCall[]) => Promise<void>,
): Promise<void> {
  const calls: ProviderCall[] = [];
  const unexpected: string[] = [];
  const script = createScript(answers, unexpected);
  const enroll = http.post(customizationUrl("intl"), async ({ request }) => {
    const headers = Object.fromEntries(request.headers);
    const call = { headers, body: enrollmentBody.parse(await request.json()) };
    calls.push(call);
    return await script.answer(call);
  });
  await withHandlers([enroll], unexpected, () => use(calls));
  script.assertDone();
}

/** The same for synthesis, and for the storage that keeps its results. The answers see the action `synthesize`. */
export async function withSynthesis(
  answers: ProviderAnswer[],
  use: (calls: SynthesisCall[], fetched: Request[]) => Promise<void>,
): Promise<void> {
  const calls: SynthesisCall[] = [];
  const fetched: Request[] = [];
  const unexpected: string[] = [];
  const script = createScript(answers, unexpected);
  const synthesize = http.post(GENERATION_URL, async ({ request }) => {
    const headers = Object.fromEntries(request.headers);
    const body = generationBody.parse(await request.json());
    calls.push({ headers, body });
    return await script.answer({
      headers,
      body: { ...body, input: { ...body.input, action: "synthesize" } },
    });
  });
  const result = http.get(RESULT_URL.replace(/^http:(.*)\?.*$/, "https:$1"), ({ request }) => {
    fetched.push(request.clone());
    return new Response(SPEECH, { headers: { "Content-Type": "audio/wav" } });
  });
  await withHandlers([synthesize, result], unexpected, () => use(calls, fetched));
  script.assertDone();
}

export type RegionAnswer = () => Response;

export const holding = (count: number): RegionAnswer => () => {
  const voices = Array.from({ length: count }, (_, index) => ({ voice: `voice-${index}` }));
  const output = { page_index: 0, page_size: 1000, total_count: count, voice_list: voices };
  return Response.json({ output, usage: { count: 0 }, request_id: "f0e1d2c3-list" });
};

export const refusing = (status: number, code: string): RegionAnswer => () =>
  Response.json({ request_id: "f0e1d2c3-error", code, message: "internal detail of the provider" }, {
    status,
  });

export const away: RegionAnswer = () => Response.error();

/**
 * Stands in for the official hosts of both regions while `use` runs, and gives what was asked: `region action key`. A
 * region without an answer fails the test when it is asked, and so does anything else beyond this machine.
 */
export async function withRegions(
  answers: Partial<Record<Region, RegionAnswer>>,
  use: () => Promise<void>,
): Promise<string[]> {
  const asked: string[] = [];
  const unexpected: string[] = [];
  const handlers = (["intl", "cn"] as const).map((region) =>
    http.post(customizationUrl(region), async ({ request }) => {
      const { input } = enrollmentBody.parse(await request.json());
      asked.push(`${region} ${input.action} ${request.headers.get("authorization")?.replace("Bearer ", "")}`);
      const answer = answers[region];
      if (answer) return answer();
      unexpected.push(`region ${region} was asked`);
      return Response.error();
    })
  );
  await withHandlers(handlers, unexpected, use);
  return asked;
}
