import { getPath } from "hono/utils/url";
import { createAnswerCheck } from "./answer_check.ts";
import { description } from "./description.ts";

/** A request body longer than any route takes is not kept. */
const MOST_KEPT_BYTES = 64 * 1024;
const BASE_PATH = "/api";

type Handler = (request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>) => Response | Promise<Response>;

/** Whether the URL can be believed: Deno builds it from the Host. */
function isHost(request: Request): boolean {
  return !/[/?#\\@]/.test(request.headers.get("host") ?? "") && URL.canParse(request.url);
}

/**
 * A request whose body is kept, and the body; null for one that is not. Of a client that hangs up it hears as the first one
 * does.
 */
async function keepBody(request: Request): Promise<{ request: Request; body: string | null }> {
  if (request.body === null) return { request, body: "" };
  const length = request.headers.get("content-length");
  const isKept = request.method === "POST" && isHost(request) && length !== null &&
    Number(length) <= MOST_KEPT_BYTES;
  if (!isKept) return { request, body: null };
  // Of a body that breaks off the function hears as it would by itself: it cannot be read.
  const bytes = await request.arrayBuffer().catch(() => null);
  if (bytes === null) return { request, body: null };
  const { method, headers, url, signal } = request;
  return {
    request: new Request(url, { method, headers, body: bytes, signal }),
    body: new TextDecoder().decode(bytes),
  };
}

/** Adds a line to the file that `TEST_ANSWERS` names. */
function keepLine(line: string): void {
  const file = Deno.env.get("TEST_ANSWERS");
  if (file) Deno.writeTextFileSync(file, `${line}\n`, { append: true });
}

/** Which line of a test this is called for, however deep below it. */
function callingTest(): string {
  return /[^/]+\.test\.ts:\d+/.exec(new Error().stack ?? "")?.[0] ?? "a test";
}

/**
 * Watches a server of the function, and gives the handler that is watched: every answer is held to docs/openapi.json. What
 * is wrong is told once the run is over, by `npm run test:edge`, which fails then: thrown when the server is disposed of, it
 * would hide how the test itself failed. It is told as well which answers no test has seen.
 *
 * @param keep is given a line for each kind of answer, `GET /voices 200` or `GET /voices 401 unauthorized`, and a sentence
 * for each problem, after `! `
 */
export function watchAnswers(handler: Handler, keep: (line: string) => void = keepLine): Handler {
  const check = createAnswerCheck(description);
  const test = callingTest();
  const kept = new Set<string>();
  const keepOnce = (line: string) => {
    if (!kept.has(line)) keep(line);
    kept.add(line);
  };

  return async (asked, info) => {
    const { request, body } = await keepBody(asked);
    const { method } = request;
    const { searchParams = new URLSearchParams() } = URL.parse(request.url) ?? {};
    const path = isHost(request) ? getPath(request) : "";
    const response = await handler(request, info);
    const { status, headers } = response;
    const seen = {
      method,
      path: path.startsWith(`${BASE_PATH}/`) ? path.slice(BASE_PATH.length) : null,
      query: searchParams,
      requestBody: body,
      status,
      headers,
      body: await response.clone().text(),
    };
    try {
      const { operation, answer, problems } = check(seen);
      keepOnce(answer);
      for (const problem of problems) {
        keepOnce(`! ${operation} answered ${method} with ${status} (${test}): ${problem}`);
      }
    } catch (error) {
      keepOnce(`! ${method} ${path} could not be checked (${test}): ${error}`);
    }
    return response;
  };
}
