import { z } from "zod";
import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";
import { listen } from "../../simulator/listener.ts";
import { createSimulatorApp } from "../../simulator/simulator.ts";
import { speechSampleRate } from "../../simulator/speech.ts";
import { synthesisPath } from "../../simulator/synthesis_endpoint.ts";
import { samplesOf } from "../../simulator/test_client.ts";
import { encodeWav } from "../../simulator/wav_writer.ts";
import { createGatewayHolds } from "./held_calls.ts";

const synthesisRequest = z.object({ input: z.object({ text: z.string() }) });
const synthesisAnswer = z.object({
  request_id: z.string(),
  output: z.object({ audio: z.object({ url: z.url() }) }),
});

/** How much longer each synthesis is than the one before, in samples. */
const MORE_SILENCE = speechSampleRate / 100;

/** A text that was spoken, and billed. */
export type Synthesis = { text: string; requestId: string; wav: Bytes };

/**
 * The simulator behind a listener that can hold its calls, the GET of a result too. As with the real provider no two
 * syntheses are alike: each ends in a little more silence than the one before.
 */
export async function startProviderGateway() {
  const apiKey = "sk-simulated";
  const simulator = createSimulatorApp({ apiKey });
  const holds = createGatewayHolds();
  const syntheses: Synthesis[] = [];
  const results = new Map<string, Synthesis>();

  async function synthesize(request: Request): Promise<Response> {
    const asked: unknown = await request.clone().json();
    const response = await simulator.fetch(request);
    if (!response.ok) return response;
    const { request_id: requestId, output } = synthesisAnswer.parse(await response.clone().json());
    const spoken = samplesOf(await (await simulator.fetch(new Request(output.audio.url))).bytes());
    const samples = new Int16Array(spoken.length + syntheses.length * MORE_SILENCE);
    samples.set(spoken);
    const { text } = synthesisRequest.parse(asked).input;
    const synthesis = { text, requestId, wav: encodeWav(samples, speechSampleRate) };
    syntheses.push(synthesis);
    results.set(new URL(output.audio.url).pathname, synthesis);
    return response;
  }

  async function answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === synthesisPath) return await synthesize(request);
    const result = results.get(pathname);
    return result
      ? new Response(result.wav, { headers: { "content-type": "audio/wav" } })
      : await simulator.fetch(request);
  }

  const listener = await listen({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => await holds.intercept(request, answer) ?? await answer(request),
  });

  return {
    /** What makes a stack use it. */
    environment: { DASHSCOPE_BASE_URL: listener.url, DASHSCOPE_API_KEY: apiKey },
    hold: holds.hold,
    addFaults: simulator.addFaults,
    /** Resolves once that many calls are held by faults; throws when they are not within half a minute. */
    async untilHeld(count: number): Promise<void> {
      if (!(await simulator.waitForHeld(count, 30_000))) throw new Error("nothing is held");
    },
    /** Cuts the calls that faults hold. */
    dropHeld: simulator.abandon,
    /** Every synthesis that took effect, whether or not anybody heard of it, oldest first. */
    syntheses: () => [...syntheses],
    /** How many syntheses the account is charged for. */
    billed: () => simulator.bill().syntheses,
    async stop(): Promise<void> {
      simulator.abandon();
      await listener.close();
    },
  };
}

export type ProviderGateway = Awaited<ReturnType<typeof startProviderGateway>>;
