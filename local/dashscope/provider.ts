import { Hono } from "hono";
import type { Call, Calls } from "./calls.ts";
import { actionOf, type Customization } from "./customization.ts";
import { ConnectionCut, DashScopeError } from "./errors.ts";
import type { FaultAnswer, Faults } from "./faults.ts";
import type { Pauses } from "./pauses.ts";
import type { RateLimit } from "./rate_limit.ts";

/** The path of voice enrollment on every DashScope host. */
export const customizationPath = "/api/v1/services/audio/tts/customization";

const htmlPage =
  "<html><head><title>Gateway</title></head><body><h1>The gateway answers</h1></body></html>\n";

/**
 * The provider's own routes: the key is checked, the call recorded, a waiting fault applied, and what the
 * customization answers or throws rendered with a fresh request id. Throws ConnectionCut where no answer may go out.
 */
export function createProviderRoutes(options: {
  apiKey: string;
  customization: Customization;
  calls: Calls;
  faults: Faults;
  pauses: Pauses;
  rateLimit: RateLimit;
  log: (line: string) => void;
}): Hono {
  const { customization, calls, faults, pauses, rateLimit, log } = options;

  async function process(request: Request, body: unknown): Promise<Response> {
    const requestId = crypto.randomUUID();
    try {
      if (!/^application\/json\b/i.test(request.headers.get("content-type") ?? "")) {
        throw new DashScopeError("InvalidParameter", {
          message: "The content type must be application/json.",
        });
      }
      if (body === undefined) {
        throw new DashScopeError("InvalidParameter", { message: "The request body is not valid JSON." });
      }
      return Response.json({ ...await customization(body), request_id: requestId });
    } catch (error) {
      return renderError(error, requestId, log);
    }
  }

  async function answer(request: Request, call: Call, body: unknown): Promise<Response> {
    const fault = faults.take(call.action ?? undefined);
    const pause = async (when: "before" | "after") => {
      if (fault?.delay?.when === when) await pauses.delay(fault.delay.ms);
      if (fault?.hold === when) await pauses.hold({ id: call.id, action: call.action, when });
    };
    await pause("before");
    if (fault?.answer?.when === "before") return faulty(fault.answer);
    const right = await process(request, body);
    await pause("after");
    return fault?.answer ? faulty(fault.answer, await right.text()) : right;
  }

  return new Hono().post(customizationPath, async (c) => {
    const started = performance.now();
    const body = parseJson(await c.req.text());
    const call = calls.record(c.req.raw, body, actionOf(body));
    const told = (outcome: string) =>
      log(
        `dashscope simulator: ${call.action ?? "?"} ${outcome} in ${
          Math.round(performance.now() - started)
        } ms`,
      );
    try {
      checkKey(c.req.header("authorization"), options.apiKey);
      rateLimit.count();
      const response = await answer(c.req.raw, call, body);
      call.outcome = { status: response.status };
      told(String(response.status));
      return response;
    } catch (error) {
      if (error instanceof ConnectionCut) {
        call.outcome = "cut";
        told("cut");
        throw error;
      }
      const response = renderError(error, crypto.randomUUID(), log);
      call.outcome = { status: response.status };
      told(String(response.status));
      return response;
    }
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function checkKey(authorization: string | undefined, apiKey: string): void {
  const [, key] = /^Bearer +(\S+)$/i.exec(authorization ?? "") ?? [];
  if (key === undefined) throw new DashScopeError("InvalidApiKey", { message: "No API-key provided." });
  if (key !== apiKey) throw new DashScopeError("InvalidApiKey");
}

/** Anything but a DashScopeError is a defect of the simulator, told in the log and answered 500 `InternalError`. */
function renderError(error: unknown, requestId: string, log: (line: string) => void): Response {
  if (!(error instanceof DashScopeError)) log(`dashscope simulator: defect: ${String(error)}`);
  const { status, code, message } = error instanceof DashScopeError
    ? error
    : new DashScopeError("InternalError");
  return Response.json({ request_id: requestId, code, message }, { status });
}

/** `right` is the text of the right answer, when there was one to be replaced. */
function faulty(answer: FaultAnswer, right = '{"output":{"voice":"qwen-tts-vc-'): Response {
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
    case "unfinished":
      return new Response(ReadableStream.from(halfOf(right)), {
        headers: { "content-type": "application/json", "content-length": String(right.length * 2) },
      });
  }
}

/** Sends the first half of a text, then fails: the reader meets a broken body. */
function* halfOf(text: string): Generator<Uint8Array<ArrayBuffer>> {
  yield new TextEncoder().encode(text.slice(0, Math.ceil(text.length / 2)));
  throw new ConnectionCut();
}
