import { z } from "zod";
import { parseJson } from "../../json.ts";
import { ProviderError, type ProviderErrorCategory } from "../provider_error.ts";
import { encodeJson, letGo } from "./data_url.ts";

/** A field of another type counts as absent, so that the rest of the body can be read. */
const optionalText = z.string().nullish().catch(null);

const errorBody = z.object({
  code: optionalText,
  message: optionalText,
  request_id: optionalText,
  output: z.record(z.string(), z.unknown()).nullish().catch(null),
});

/**
 * DashScope's documented error codes (docs/qwen-api.md). Below status 500, the code decides before the status.
 */
const CATEGORY_BY_CODE: ReadonlyMap<string, ProviderErrorCategory> = new Map(
  Object.entries<ProviderErrorCategory>({
    "Audio.PreprocessError": "rejected",
    "Audio.DecoderError": "rejected",
    "Audio.AudioRateError": "rejected",
    "Audio.DurationLimitError": "rejected",
    "Audio.AudioSilentError": "rejected",
    "Audio.AudioShortError": "rejected",
    "Audio.FileSizeExceed": "rejected",
    "BadRequest.UnsupportedFileFormat": "rejected",
    DataInspectionFailed: "rejected",
    CustomRoleBlocked: "rejected",
    "BadRequest.InputDownloadFailed": "reference_unreachable",
    InvalidURL: "reference_unreachable",
    "InvalidURL.ConnectionRefused": "reference_unreachable",
    "InvalidURL.Timeout": "reference_unreachable",
    "InvalidParameter.DataInspection": "reference_unreachable",
    InvalidParameter: "misconfigured",
    "InvalidParameter.ResourceNotExist": "misconfigured",
    "BadRequest.EmptyInput": "misconfigured",
    "BadRequest.EmptyParameters": "misconfigured",
    "BadRequest.IllegalInput": "misconfigured",
    "BadRequest.TooLarge": "misconfigured",
    "BadRequest.VoiceNotFound": "misconfigured",
    "BadRequest.VoiceModelMismatch": "misconfigured",
    InvalidApiKey: "misconfigured",
    "NOT AUTHORIZED": "misconfigured",
    AccessDenied: "misconfigured",
    "AccessDenied.Unpurchased": "misconfigured",
    "Model.AccessDenied": "misconfigured",
    "Workspace.AccessDenied": "misconfigured",
    "AllocationQuota.FreeTierOnly": "misconfigured",
    ModelNotFound: "misconfigured",
    WorkSpaceNotFound: "misconfigured",
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
  }),
);

const DOCUMENTED_SPELLING: ReadonlyMap<string, string> = new Map(
  [...CATEGORY_BY_CODE.keys()].map((code) => [code.toLowerCase(), code]),
);

/** A code in its documented letter case, or unchanged. */
function spelled(code: string | null | undefined): string | undefined {
  return code ? DOCUMENTED_SPELLING.get(code.toLowerCase()) ?? code : undefined;
}

/** The message tells apart what `Throttling.AllocationQuota` covers: voice limit, free quota and throttling. */
function categorizeQuota(message: string): ProviderErrorCategory {
  if (/maximum voice|voice storage limit/i.test(message)) return "voice_limit";
  return /free/i.test(message) ? "misconfigured" : "throttled";
}

function categorize(status: number, code: string | undefined, message: string): ProviderErrorCategory {
  // Whatever the code: the voice may exist.
  if (status >= 500) return "server_error";
  if (code === "Throttling.AllocationQuota") return categorizeQuota(message);
  const known = code === undefined ? undefined : CATEGORY_BY_CODE.get(code);
  if (known) return known;
  if (code !== undefined && /^audio\./i.test(code)) return "rejected";
  if (status === 429) return "throttled";
  return status < 300 ? "unreadable_answer" : "misconfigured";
}

export type DashScopeRequest<Output> = {
  path: string;
  /** Sent as JSON; may contain a DataUrl. */
  body: unknown;
  /** The schema of a successful answer; any other is an `unreadable_answer`. */
  answer: z.ZodType<Output>;
  timeoutMs: number;
  signal: AbortSignal;
  /** Codes that mean `rejected` for this request. */
  refusedBy?: ReadonlySet<string>;
  /** Refusals that are logged as errors. */
  alarming?: ReadonlySet<string>;
  /** The user's sentence for a refusal. The provider's message is never shown. */
  refusal?: (providerCode: string, message: string) => string;
};

export type DashScope = ReturnType<typeof createDashScope>;

/**
 * DashScope's HTTP client. It never retries, and follows no redirect, as every request carries the key.
 * @param options.baseUrl an origin, without a path
 */
export function createDashScope(
  options: { apiKey: string; baseUrl: string; fetch?: typeof fetch; timeout?: (ms: number) => AbortSignal },
) {
  const send = options.fetch ?? ((input, init) => fetch(input, init));
  const timeout = options.timeout ?? ((ms) => AbortSignal.timeout(ms));

  return {
    /**
     * @throws {ProviderError} for any response but a 2xx that parses, and for a 2xx with an error and no output
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
            // Deno's fetch repeats a POST on its own when a kept-alive connection breaks: a second, paid voice.
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
        // The status of a refusal is enough.
        if (response.ok || response.status >= 500) {
          throw new ProviderError("no_answer", "the provider's answer was cut short", {
            status: response.status,
            cause,
          });
        }
        text = "";
      }

      // Error bodies are usually JSON, but HTML from a gateway.
      const body = parseJson(text);
      const error = errorBody.safeParse(body).data;
      if (!response.ok) throw failure(response.status, error, request);
      // DashScope sends some errors with status 200. With output beside the code, a voice may exist.
      if (error?.code && !holdsAnything(error.output)) throw failure(response.status, error, request);
      const parsed = request.answer.safeParse(body);
      if (parsed.success) return parsed.data;
      throw new ProviderError("unreadable_answer", "the provider's answer is not what it documents", {
        status: response.status,
        providerRequestId: error?.request_id ?? undefined,
        cause: parsed.error,
      });
    },
  };
}

function holdsAnything(output: Record<string, unknown> | null | undefined): boolean {
  return Object.values(output ?? {}).some((value) => value !== null && value !== "");
}

function failure(
  status: number,
  error: z.output<typeof errorBody> | undefined,
  request: Pick<DashScopeRequest<unknown>, "refusedBy" | "alarming" | "refusal">,
): ProviderError {
  const code = spelled(error?.code);
  const message = error?.message ?? "";
  const refused = code !== undefined && status < 500 && request.refusedBy?.has(code);
  const category = refused ? "rejected" : categorize(status, code, message);
  const isRefusal = category === "rejected" && code !== undefined;
  return new ProviderError(category, `the provider answered ${status} ${code ?? "without a code"}`, {
    status,
    providerCode: code,
    providerRequestId: error?.request_id ?? undefined,
    refusal: isRefusal ? request.refusal?.(code, message) : undefined,
    isAlarming: isRefusal && request.alarming?.has(code),
  });
}
