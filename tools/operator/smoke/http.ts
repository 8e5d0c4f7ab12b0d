import { z } from "zod";
import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";

/** Why a step failed, in sentences for a person; holds no key, token or signed URL. */
export class SmokeFailure extends Error {
  override readonly name = "SmokeFailure";
}

/** What a person would see of an error body: ours, GoTrue's or Storage's. */
const errorSchema = z.object({
  detail: z.string(),
  msg: z.string(),
  message: z.string(),
  error_description: z.string(),
  code: z.union([z.string(), z.number()]),
  error_code: z.string(),
  request_id: z.string(),
}).partial();

/** A request, and how it must be answered. */
export type SmokeRequest = RequestInit & {
  timeoutMs: number;
  /** The one status that is right; any 2xx when not given. */
  wanted?: number;
};

/**
 * One HTTP request that must be answered as wanted within `timeoutMs`, its body read. Redirects are not followed.
 * Throws SmokeFailure with the status and what the error body says, or with what went wrong on the way.
 */
export async function request(send: typeof fetch, url: string, init: SmokeRequest): Promise<Response> {
  const { timeoutMs, wanted, ...rest } = init;
  const signal = AbortSignal.timeout(timeoutMs);
  let response: Response;
  let body: Bytes;
  try {
    response = await send(url, { ...rest, signal, redirect: "manual" });
    body = await response.bytes();
  } catch (error) {
    if (signal.aborted) throw new SmokeFailure(`No answer within ${timeoutMs / 1_000} s.`);
    throw new SmokeFailure(`No answer from ${new URL(url).origin}: ${withoutUrls(error)}.`);
  }
  const { status, headers } = response;
  if (wanted === undefined ? !response.ok : status !== wanted) {
    if (response.ok) throw new SmokeFailure(`It answered ${status}, not ${wanted}.`);
    throw new SmokeFailure(describe(response, new TextDecoder().decode(body)));
  }
  return new Response(body.length > 0 ? body : null, { status, headers });
}

/** The JSON of an answer. Throws SmokeFailure naming the fields that are missing or of another kind. */
export async function parseJson<T>(response: Response, schema: z.ZodType<T>): Promise<T> {
  let json: unknown;
  try {
    json = await response.json();
  } catch {
    throw new SmokeFailure(`The answer (${response.status}) is not JSON.`);
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join(".") || "body"}: ${issue.message}`);
  throw new SmokeFailure(`The answer (${response.status}) is not as expected. ${problems.join("; ")}.`);
}

function describe(response: Response, body: string): string {
  const { detail, msg, message, error_description: description, ...ids } = parseError(body);
  const sentence = detail ?? msg ?? message ?? description ?? "the body tells no reason.";
  const code = ids.error_code ?? ids.code;
  const requestId = ids.request_id ?? response.headers.get("x-request-id");
  const known = [code && `code ${code}`, requestId && `request id ${requestId}`].filter(Boolean).join(", ");
  return `${response.status}: ${withoutUrls(sentence)}${known && ` (${known})`}`;
}

function parseError(body: string): z.infer<typeof errorSchema> {
  try {
    return errorSchema.safeParse(JSON.parse(body)).data ?? {};
  } catch {
    return {};
  }
}

/** Signatures live in URL queries: none is ever printed. */
function withoutUrls(text: unknown): string {
  const { message } = text instanceof Error ? text : { message: String(text) };
  return message.replace(/(https?:\/\/[^\s?)]+)\?[^\s)]+/g, "$1?…").replace(/token=[^\s&)]+/g, "token=…");
}
