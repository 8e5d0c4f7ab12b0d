import { z } from "zod";

/** The longest the platform lets a function take, in milliseconds. */
const TIMEOUT_MS = 150_000;
/** Before asking again after a failure, in milliseconds, when the answer does not say. */
const PAUSE_MS = 2_000;

const errorBody = z.object({ detail: z.string(), code: z.string(), request_id: z.string() });

/** Why an internal route did not do its work, in a sentence for a person; holds no key. */
export class AskFailure extends Error {
  override readonly name = "AskFailure";
  /** @param retryAfterMs null when asking again would not help */
  constructor(message: string, readonly retryAfterMs: number | null) {
    super(message);
  }
}

/** An API, and what opens its internal routes. */
export type Target = {
  /** Base URL of the API, without a slash at its end. */
  api: string;
  /** The project's secret key. */
  key: string;
};

/**
 * One POST to an internal route. Redirects are not followed, for the key would go with them.
 * @throws {AskFailure}
 */
export async function ask<Report>(
  target: Target & { fetch?: typeof fetch },
  route: { path: string; body: unknown; schema: z.ZodType<Report> },
): Promise<Report> {
  const { api, key, fetch: send = fetch } = target;
  let response: Response;
  let text: string;
  try {
    response = await send(`${api}${route.path}`, {
      method: "POST",
      headers: { apikey: key, "content-type": "application/json" },
      body: JSON.stringify(route.body),
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    text = await response.text();
  } catch {
    throw new AskFailure(`No answer from ${new URL(api).origin}.`, PAUSE_MS);
  }
  if (response.status !== 200) throw failureOf(response, text);
  const report = route.schema.safeParse(parseJson(text));
  if (!report.success) {
    throw new AskFailure("The answer is no report: is the function of this version?", null);
  }
  return report.data;
}

function failureOf(response: Response, text: string): AskFailure {
  const told = errorBody.safeParse(parseJson(text)).data;
  const retryAfter = Number(response.headers.get("retry-after") ?? NaN);
  if (response.status === 404) {
    return new AskFailure(
      "404: nothing there for this key. Is it the project's secret key, the URL that of the API, and the function " +
        "of this version?",
      null,
    );
  }
  const sentence = told
    ? `${told.detail} (code ${told.code}, request id ${told.request_id})`
    : "no reason given.";
  // The platform's own answers for a worker that died carry neither our envelope nor Retry-After.
  const again = retryAfter >= 0 ? retryAfter * 1000 : response.status >= 500 && !told ? PAUSE_MS : null;
  return new AskFailure(`${response.status}: ${sentence}`, again);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
