import { z } from "zod";
import type { Bytes } from "../../supabase/functions/_shared/bytes.ts";
import { ConnectionCut, DashScopeError, documentedStatus } from "./dashscope_errors.ts";

const when = z.enum(["before", "after"]);
const status = z.number().int().min(200).max(599);
const answerOf = <Kind extends string>(kind: Kind) =>
  z.strictObject({ kind: z.literal(kind), when: when.default("before") });

/** An answer in place of the right one, before or after the call took effect. */
const answerSchema = z.discriminatedUnion("kind", [
  answerOf("error")
    .extend({ code: z.string().min(1), status: status.optional(), message: z.string().optional() })
    .refine(({ status, code }) => status ?? documentedStatus(code), "an undocumented code needs its status"),
  answerOf("html").extend({ status: status.default(502) }),
  answerOf("cut"),
  answerOf("no_voice"),
  answerOf("no_audio"),
  answerOf("unfinished"),
]);

/** What the next `times` calls of one action (of any, without one) do. Delay and hold come before the answer. */
export const faultSchema = z.strictObject({
  action: z.enum(["create", "list", "delete", "synthesize"]).optional(),
  times: z.number().int().min(1).max(1_000_000).default(1),
  delay: z.strictObject({ ms: z.number().int().min(1).max(600_000), when: when.default("before") })
    .optional(),
  hold: when.optional(),
  answer: answerSchema.optional(),
});
export type Fault = z.infer<typeof faultSchema>;
/** A fault as it is requested, before its defaults are filled in. */
export type FaultRequest = z.input<typeof faultSchema>;

/** Faults waiting for their calls, first come, first used. */
export function createFaults() {
  let queue: Fault[] = [];
  return {
    add: (faults: readonly Fault[]): void => void queue.push(...faults),
    take(action: string | undefined): Fault | undefined {
      const fault = queue.find((one) => one.action === undefined || one.action === action);
      queue = queue.flatMap((one) =>
        one !== fault ? [one] : one.times > 1 ? [{ ...one, times: one.times - 1 }] : []
      );
      return fault;
    },
    pending: (): Fault[] => [...queue],
    reset(): void {
      queue = [];
    },
  };
}

const htmlPage =
  "<html><head><title>Gateway</title></head><body><h1>The gateway answers</h1></body></html>\n";

/** A fault's answer in place of the right one, `right` if the call took effect. Throws ConnectionCut for no answer. */
export function wrongAnswer(
  answer: NonNullable<Fault["answer"]>,
  right = '{"output":{"finish_reason":',
): Response {
  const requestId = crypto.randomUUID();
  switch (answer.kind) {
    case "cut":
      throw new ConnectionCut();
    case "error": {
      const { code, message, status } = new DashScopeError(answer.code, answer);
      return Response.json({ request_id: requestId, code, message }, { status });
    }
    case "html":
      return new Response(htmlPage, { status: answer.status, headers: { "content-type": "text/html" } });
    case "no_voice":
      return Response.json({ output: {}, usage: { count: 1 }, request_id: requestId });
    case "no_audio":
      return Response.json({
        output: { finish_reason: "stop", audio: { data: "" } },
        usage: { characters: 0 },
        request_id: requestId,
      });
    case "unfinished":
      return new Response(ReadableStream.from(halfOf(right)), {
        headers: { "content-type": "application/json", "content-length": String(right.length * 2) },
      });
  }
}

/** Sends the first half of a text, then fails: the reader meets a broken body. */
function* halfOf(text: string): Generator<Bytes> {
  yield new TextEncoder().encode(text.slice(0, Math.ceil(text.length / 2)));
  throw new ConnectionCut();
}
