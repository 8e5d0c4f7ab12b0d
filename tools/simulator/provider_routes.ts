import { Hono } from "hono";
import { parseJson } from "../../supabase/functions/_shared/json.ts";
import type { Call } from "./calls.ts";
import type { Endpoint } from "./endpoint.ts";
import { ConnectionCut, DashScopeError, invalid } from "./dashscope_errors.ts";
import { wrongAnswer } from "./faults.ts";
import type { SimulatorState } from "./simulator_state.ts";

/** The provider's own routes: record the call, check the key and the rate, apply a fault, answer. */
export function createProviderRoutes(
  { apiKey, endpoints, log }: {
    apiKey: string;
    endpoints: readonly Endpoint[];
    log: (line: string) => void;
  },
  { calls, faults, pauses, rateLimit }: SimulatorState,
): Hono {
  async function process(endpoint: Endpoint, request: Request, body: unknown): Promise<Response> {
    const requestId = crypto.randomUUID();
    try {
      if (!/^application\/json\b/i.test(request.headers.get("content-type") ?? "")) {
        throw invalid("The content type must be application/json.");
      }
      if (body === undefined) throw invalid("The request body is not valid JSON.");
      const answer = await endpoint.answer(body, new URL(request.url).origin);
      return Response.json({ ...answer, request_id: requestId });
    } catch (error) {
      return renderError(error, requestId, log);
    }
  }

  async function answer(endpoint: Endpoint, request: Request, call: Call, body: unknown): Promise<Response> {
    const fault = faults.take(call.action ?? undefined);
    const pause = async (when: "before" | "after") => {
      if (fault?.delay?.when === when) await pauses.delay(fault.delay.ms);
      if (fault?.hold === when) await pauses.hold({ id: call.id, action: call.action, when });
    };
    await pause("before");
    if (fault?.answer?.when === "before") return wrongAnswer(fault.answer);
    const right = await process(endpoint, request, body);
    await pause("after");
    return fault?.answer ? wrongAnswer(fault.answer, await right.text()) : right;
  }

  async function respond(endpoint: Endpoint, request: Request): Promise<Response> {
    const started = performance.now();
    const body = parseJson(await request.text());
    const call = calls.record(request, body, endpoint.actionOf(body));
    const end = (outcome: NonNullable<Call["outcome"]>) => {
      call.outcome = outcome;
      const said = outcome === "cut" ? outcome : outcome.status;
      const ms = Math.round(performance.now() - started);
      log(`dashscope simulator: ${call.action ?? "?"} ${said} in ${ms} ms`);
    };
    let response: Response;
    try {
      checkKey(request.headers.get("authorization"), apiKey);
      rateLimit.count(endpoint.path);
      response = await answer(endpoint, request, call, body);
    } catch (error) {
      if (error instanceof ConnectionCut) {
        end("cut");
        throw error;
      }
      response = renderError(error, crypto.randomUUID(), log);
    }
    end({ status: response.status });
    return response;
  }

  const app = new Hono();
  for (const endpoint of endpoints) app.post(endpoint.path, (c) => respond(endpoint, c.req.raw));
  return app;
}

function checkKey(authorization: string | null, apiKey: string): void {
  const [, key] = /^Bearer +(\S+)$/i.exec(authorization ?? "") ?? [];
  if (key === undefined) throw new DashScopeError("InvalidApiKey", { message: "No API-key provided." });
  if (key !== apiKey) throw new DashScopeError("InvalidApiKey");
}

/** Another error than DashScopeError is a defect of the simulator: logged, and answered 500 `InternalError`. */
function renderError(error: unknown, requestId: string, log: (line: string) => void): Response {
  if (!(error instanceof DashScopeError)) log(`dashscope simulator: defect: ${String(error)}`);
  const { status, code, message } = error instanceof DashScopeError
    ? error
    : new DashScopeError("InternalError");
  return Response.json({ request_id: requestId, code, message }, { status });
}
