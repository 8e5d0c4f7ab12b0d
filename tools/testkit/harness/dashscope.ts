import { http } from "msw";
import { setupServer } from "msw/node";
import { z } from "zod";
import { refuseUnstubbed } from "./unstubbed.ts";

/** The provider's one enrollment address, in the region `intl`. */
export const CUSTOMIZATION_URL =
  "https://dashscope-intl.aliyuncs.com/api/v1/services/audio/tts/customization";

const enrollmentBody = z.looseObject({
  model: z.string(),
  input: z.looseObject({ action: z.string(), audio: z.object({ data: z.string() }).optional() }),
});

export type ProviderCall = {
  headers: Record<string, string>;
  body: z.output<typeof enrollmentBody>;
};

/** How one expected call is answered. */
export type ProviderAnswer = (call: ProviderCall) => Response | Promise<Response>;

/** 200 with a voice named as the provider names it. */
export function voiceCreated(overrides: Record<string, unknown> = {}): ProviderAnswer {
  return ({ body }) =>
    Response.json({
      output: {
        voice: `qwen-tts-vc-${body.input.preferred_name}-voice-20261122120000000-1a2b`,
        target_model: body.input.target_model,
        ...overrides,
      },
      usage: { count: 1 },
      request_id: "f0e1d2c3-create",
    });
}

/** A flat error as the provider documents them. */
export function providerError(
  status: number,
  code: string,
  message = "internal detail of the provider",
): ProviderAnswer {
  return () => Response.json({ request_id: "f0e1d2c3-error", code, message }, { status });
}

/** What a gateway in front of the provider sends at times. */
export function html(status: number): ProviderAnswer {
  return () =>
    new Response("<html><body>Bad Gateway</body></html>", {
      status,
      headers: { "Content-Type": "text/html" },
    });
}

/** No HTTP answer: the connection breaks. */
export function connectionLost(): ProviderAnswer {
  return () => Response.error();
}

/** An answer that never comes; only the caller's timeout ends it. `reached` is called once the call is there. */
export function neverAnswers(reached: () => void = () => {}): ProviderAnswer {
  return () => {
    reached();
    return new Promise(() => {});
  };
}

/** An answer of this status whose body breaks off. */
export function cutShort(status: number): ProviderAnswer {
  return () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"output":{"voice":"qwen-'));
        controller.error(new Error("the connection broke"));
      },
    });
    return new Response(body, { status, headers: { "Content-Type": "application/json" } });
  };
}

/** 200 with these voices, each as `{ voice, target_model }`. */
export function voiceList(
  ...voices: { voice: string; target_model?: string; gmt_create?: string }[]
): ProviderAnswer {
  return () =>
    Response.json({
      output: { page_index: 0, page_size: 1000, total_count: voices.length, voice_list: voices },
      usage: { count: 0 },
      request_id: "f0e1d2c3-list",
    });
}

/**
 * Stands in for DashScope while `use` runs. The calls must come in the order of `answers`, all of them and no more, and
 * nothing else may leave this machine: each is a failure of the test.
 */
export async function withDashScope(
  answers: ProviderAnswer[],
  use: (calls: ProviderCall[]) => Promise<void>,
): Promise<void> {
  const calls: ProviderCall[] = [];
  const unexpected: string[] = [];
  const waiting = [...answers];
  const server = setupServer(http.post(CUSTOMIZATION_URL, async ({ request }) => {
    const call = {
      headers: Object.fromEntries(request.headers),
      body: enrollmentBody.parse(await request.json()),
    };
    calls.push(call);
    const answer = waiting.shift();
    if (answer) return await answer(call);
    unexpected.push(`a call too many: ${call.body.input.action}`);
    return Response.error();
  }));
  server.listen(refuseUnstubbed(unexpected));
  try {
    await use(calls);
  } finally {
    server.close();
  }
  if (unexpected.length > 0) throw new Error(unexpected.join("; "));
  if (waiting.length > 0) throw new Error(`${waiting.length} stubbed provider answers were never asked for`);
}
