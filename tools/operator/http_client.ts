import { z } from "zod";
import type { Bytes } from "../../supabase/functions/_shared/bytes.ts";
import { parseJson } from "../../supabase/functions/_shared/json.ts";

/** The longest the platform lets a function take, in milliseconds. */
const FUNCTION_MS = 150_000;

/** Why a command cannot go on, in sentences for a person; holds no key, token or signed URL. */
export class Failure extends Error {
  override readonly name = "Failure";
  /** Milliseconds after which another try may succeed; null when it would not. */
  readonly retryAfterMs: number | null;

  constructor(message: string, options: ErrorOptions & { retryAfterMs?: number | null } = {}) {
    super(message, options);
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

export type RequestOptions = {
  /** When not given, POST with `json` and GET without. */
  method?: string;
  headers?: Record<string, string>;
  /** Sent as the header `apikey`. */
  key?: string;
  /** The body, as it is. */
  body?: Bytes;
  /** The body, sent as JSON. */
  json?: unknown;
  /** 150,000 when not given. */
  timeoutMs?: number;
  /** Ends the request early. */
  signal?: AbortSignal;
  fetch?: typeof fetch;
};

/** An answer, whatever its status. The clock is this machine's, in milliseconds since the epoch. */
export type Answer = { status: number; headers: Headers; bytes: Bytes; askedAt: number; answeredAt: number };

/**
 * Sends one request and reads its answer. Redirects are not followed: a key would go with them.
 * @throws {Failure} when there is no answer in time; the reason of `signal` once that is aborted
 */
export async function request(url: string, options: RequestOptions = {}): Promise<Answer> {
  const { key, json, timeoutMs = FUNCTION_MS, signal, fetch: send = fetch } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  const askedAt = Date.now();
  try {
    const response = await send(url, {
      method: options.method ?? (json === undefined ? "GET" : "POST"),
      headers: {
        ...(key === undefined ? {} : { apikey: key }),
        ...(json === undefined ? {} : { "content-type": "application/json" }),
        ...options.headers,
      },
      body: json === undefined ? options.body : JSON.stringify(json),
      redirect: "manual",
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    const { status, headers } = response;
    return { status, headers, bytes: await response.bytes(), askedAt, answeredAt: Date.now() };
  } catch (cause) {
    signal?.throwIfAborted();
    if (timeout.aborted) throw new Failure(`No answer within ${timeoutMs / 1_000} s.`, { cause });
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Failure(`No answer from ${new URL(url).origin}: ${withoutUrls(why)}.`, { cause });
  }
}

/**
 * Gives the answer back.
 * @param wanted the one status that is right; any 2xx when not given
 * @throws {Failure} with the status, and what the body of an error says
 */
export function expectStatus(answer: Answer, wanted?: number): Answer {
  const { status } = answer;
  const isOk = status >= 200 && status < 300;
  if (wanted === undefined ? isOk : status === wanted) return answer;
  throw new Failure(isOk ? `It answered ${status}, not ${wanted}.` : `${status}: ${reasonOf(answer)}`);
}

/** The body as JSON, undefined when it is none. */
export const jsonOf = ({ bytes }: Pick<Answer, "bytes">): unknown =>
  parseJson(new TextDecoder().decode(bytes));

/**
 * The body as JSON of this schema.
 * @throws {Failure} naming the fields that are missing or of another kind
 */
export function readJson<T>(answer: Answer, schema: z.ZodType<T>): T {
  const json = jsonOf(answer);
  if (json === undefined) throw new Failure(`The answer (${answer.status}) is not JSON.`);
  const { data, error } = schema.safeParse(json);
  if (!error) return data;
  const problems = error.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`);
  throw new Failure(`The answer (${answer.status}) is not as expected. ${problems.join("; ")}.`);
}

const apiError = z.object({ detail: z.string(), code: z.string(), request_id: z.string() });

/** The error body of our API; undefined for any other. */
export const apiErrorOf = (answer: Answer) => apiError.safeParse(jsonOf(answer)).data;

/** What a person needs of an error body of our API, of Auth or of Storage. */
const anyError = z.object({
  detail: z.string(),
  msg: z.string(),
  message: z.string(),
  error_description: z.string(),
  code: z.union([z.string(), z.number()]),
  error_code: z.string(),
  request_id: z.string(),
}).partial();

/** What an error's body says, such as `Too short. (code audio_too_short, request id 4f1c)`. */
export function reasonOf(answer: Answer): string {
  const body = anyError.safeParse(jsonOf(answer)).data ?? {};
  const sentence = body.detail ?? body.msg ?? body.message ?? body.error_description ?? "no reason given.";
  const code = body.error_code ?? body.code;
  const requestId = body.request_id ?? answer.headers.get("x-request-id");
  const ids = [code && `code ${code}`, requestId && `request id ${requestId}`].filter(Boolean).join(", ");
  return withoutUrls(sentence) + (ids && ` (${ids})`);
}

/** Signatures are in the queries of URLs, which are never printed. */
function withoutUrls(text: string): string {
  return text.replace(/(https?:\/\/[^\s?)]+)\?[^\s)]+/g, "$1?…").replace(/token=[^\s&)]+/g, "token=…");
}
