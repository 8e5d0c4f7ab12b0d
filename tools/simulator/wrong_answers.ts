import type { Bytes } from "../../supabase/functions/_shared/bytes.ts";
import { ConnectionCut, DashScopeError } from "./errors.ts";
import type { FaultAnswer } from "./faults.ts";

const htmlPage =
  "<html><head><title>Gateway</title></head><body><h1>The gateway answers</h1></body></html>\n";

/**
 * What a fault answers in place of the right answer, whose text `right` is when the call took effect.
 * Throws ConnectionCut where no answer may go out.
 */
export function wrongAnswer(answer: FaultAnswer, right = '{"output":{"finish_reason":'): Response {
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
