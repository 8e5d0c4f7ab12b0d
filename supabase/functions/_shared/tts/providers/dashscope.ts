import { z } from "zod";
import { ProviderError, type ProviderErrorCategory } from "../errors.ts";
import { encodeJson, letGo } from "./data_url.ts";

const errorBody = z.object({
  code: z.string().nullish(),
  message: z.string().nullish(),
  request_id: z.string().nullish(),
});

/** What DashScope's error codes mean for a call (docs/qwen-api.md). A code decides before the status does. */
const CATEGORY_BY_CODE: Readonly<Record<string, ProviderErrorCategory>> = {
  "Audio.PreprocessError": "rejected",
  "Audio.DecoderError": "rejected",
  "Audio.AudioRateError": "rejected",
  "Audio.DurationLimitError": "rejected",
  DataInspectionFailed: "rejected",
  "BadRequest.InputDownloadFailed": "reference_unreachable",
  InvalidURL: "reference_unreachable",
  "InvalidURL.ConnectionRefused": "reference_unreachable",
  "InvalidURL.Timeout": "reference_unreachable",
  "InvalidParameter.DataInspection": "reference_unreachable",
  Arrearage: "misconfigured",
  CommodityNotPurchased: "misconfigured",
  PrepaidBillOverdue: "misconfigured",
  PostpaidBillOverdue: "misconfigured",
  Throttling: "throttled",
  "Throttling.RateQuota": "throttled",
  "Throttling.BurstRate": "throttled",
  "Throttling.AllocationQuota": "throttled",
  InternalError: "server_error",
  "InternalError.Algo": "server_error",
  SystemError: "server_error",
  ModelServiceFailed: "server_error",
  RequestTimeOut: "server_error",
  ModelServingError: "server_error",
  ModelUnavailable: "server_error",
};

function categorize(status: number, code: string | undefined, message: string): ProviderErrorCategory {
  if (code === "Throttling.AllocationQuota" && /voice storage limit/i.test(message)) return "voice_limit";
  const known = code === undefined ? undefined : CATEGORY_BY_CODE[code];
  if (known) return known;
  if (status === 429) return "throttled";
  return status >= 500 ? "server_error" : "misconfigured";
}

export type DashScopeRequest<Output> = {
  path: string;
  /** Becomes JSON; a DataUrl may stand in it. */
  body: unknown;
  /** What a successful answer must hold; one that does not parse is an `unreadable_answer`. */
  answer: z.ZodType<Output>;
  timeoutMs: number;
  signal: AbortSignal;
  /** Codes that are a refusal of this request, whatever they mean elsewhere. */
  refusedBy?: ReadonlySet<string>;
  /** Our own sentence for a refusal, by the provider's code and message. The message itself is shown to nobody. */
  refusal?: (providerCode: string, message: string) => string;
};

export type DashScope = ReturnType<typeof createDashScope>;

/**
 * The HTTP client of DashScope: key, host, timeout, error bodies, request ids. It never retries, and it follows no
 * redirect, for the key travels in every request.
 *
 * @param options.baseUrl an origin, without a path
 * @param options.timeout gives a signal that aborts after so many milliseconds; the runtime's own by default
 */
export function createDashScope(
  options: { apiKey: string; baseUrl: string; fetch?: typeof fetch; timeout?: (ms: number) => AbortSignal },
) {
  const send = options.fetch ?? ((input, init) => fetch(input, init));
  const timeout = options.timeout ?? ((ms) => AbortSignal.timeout(ms));

  return {
    /**
     * One POST.
     * @throws {ProviderError} for anything but a 2xx that parses
     */
    async post<Output>(request: DashScopeRequest<Output>): Promise<Output> {
      const signal = AbortSignal.any([request.signal, timeout(request.timeoutMs)]);
      let response: Response;
      let text: string;
      const sent = encodeJson(request.body);
      try {
        response = await send(options.baseUrl + request.path, {
          method: "POST",
          headers: {
            Authorization: `Bearer ${options.apiKey}`,
            "Content-Type": "application/json",
            // Deno's fetch sends a POST again, unasked, when a kept-alive connection breaks: a second voice, paid for.
            Connection: "close",
          },
          body: sent,
          redirect: "manual",
          signal,
        });
      } catch (cause) {
        throw new ProviderError("no_answer", "the provider did not answer", { cause });
      } finally {
        if (sent instanceof Uint8Array) letGo(sent);
      }
      try {
        text = await response.text();
      } catch (cause) {
        // An answer cut short still has its status, and a refusal needs no more than that.
        if (response.ok || response.status >= 500) {
          throw new ProviderError("no_answer", "the provider's answer was cut short", {
            status: response.status,
            cause,
          });
        }
        text = "";
      }

      const body = parseJson(text);
      if (!response.ok) throw failure(response.status, body, request);
      const parsed = request.answer.safeParse(body);
      if (parsed.success) return parsed.data;
      throw new ProviderError("unreadable_answer", "the provider's answer is not what it documents", {
        status: response.status,
        providerRequestId: errorBody.safeParse(body).data?.request_id ?? undefined,
        cause: parsed.error,
      });
    },
  };
}

/** Error bodies are JSON as a rule and HTML from a gateway at times. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failure(
  status: number,
  body: unknown,
  request: Pick<DashScopeRequest<unknown>, "refusedBy" | "refusal">,
): ProviderError {
  const told = errorBody.safeParse(body).data;
  const code = told?.code ?? undefined;
  const message = told?.message ?? "";
  const refused = code !== undefined && request.refusedBy?.has(code);
  const category = refused ? "rejected" : categorize(status, code, message);
  return new ProviderError(category, `the provider answered ${status} ${code ?? "without a code"}`, {
    status,
    providerCode: code,
    providerRequestId: told?.request_id ?? undefined,
    refusal: category === "rejected" && code !== undefined ? request.refusal?.(code, message) : undefined,
  });
}
