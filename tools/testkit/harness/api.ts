// The function served in this process, asked as a client asks it.
import assert from "node:assert/strict";
import { createApp } from "../../../supabase/functions/api/app.ts";
import { createFront } from "../../../supabase/functions/api/front.ts";
import { createServices, type Services } from "../../../supabase/functions/api/services.ts";
import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";
import type { Clock } from "../../../supabase/functions/_shared/clock.ts";
import { loadConfig } from "../../../supabase/functions/_shared/config.ts";
import { readAllowedOrigins } from "../../../supabase/functions/_shared/environment.ts";
import { createUploadUrl } from "../../../supabase/functions/_shared/contract/create_upload_url.ts";
import { createLog } from "../../../supabase/functions/_shared/log.ts";
import { watchAnswers } from "./answer_check.ts";
import { type SigningKeys, stack } from "./project.ts";
import { DETAILS, speechClip } from "./reference.ts";

/** A key that must never be seen in a log or an answer. */
export const PROVIDER_KEY = "sk-test-0123456789abcdef";

export type SupabaseRequest = { method: string; path: string };

/** Answers a request in the place of Supabase; undefined passes it on, and `send` does so by hand. */
export type Intercept = (
  path: string,
  send: () => Promise<Response>,
) => Response | Promise<Response> | undefined;

export type Answer = { status: number; headers: Headers; body: unknown };

export function environmentOf(overrides: Record<string, string> = {}): Record<string, string> {
  return {
    SUPABASE_URL: stack.supabase_url,
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: stack.secret_key }),
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: stack.publishable_key }),
    DASHSCOPE_API_KEY: PROVIDER_KEY,
    QWEN_REFERENCE_DELIVERY: "signed_url",
    CLONE_ATTEMPTS_PER_HOUR: "1000",
    CLONE_LIMIT_PER_HOUR: "1000",
    CLONE_LIMIT_PER_DAY: "1000",
    UPLOAD_URL_LIMIT_PER_HOUR: "100000",
    ...overrides,
  };
}

/** The method and path of every route of the app; of those for users alone, without `/api`. */
export async function appRoutes() {
  const app = createApp({ ...await createServices(await loadConfig(environmentOf())), keepAlive() {} });
  const all = app.routes.filter(({ method }) => method !== "ALL");
  const forUsers = all.filter(({ path }) => !path.startsWith("/api/internal"))
    .map(({ method, path }) => `${method} ${path.replace("/api", "")}`);
  return { all, forUsers: [...new Set(forUsers)].sort() };
}

/** A log that keeps its lines, also in the file `TEST_FUNCTION_LOG`, where the run looks for what must never be logged. */
export function createKeptLog() {
  const logged: string[] = [];
  const write = (line: string) => {
    logged.push(line);
    const file = Deno.env.get("TEST_FUNCTION_LOG");
    if (file) Deno.writeTextFileSync(file, `${line}\n`, { append: true });
  };
  return {
    logged,
    write,
    log: createLog({ write: (_level, line) => write(line), now: () => new Date() }),
    events: (name: string): Record<string, unknown>[] =>
      logged.map((line) => JSON.parse(line)).filter((event) => event.event === name),
  };
}

export function serveLocally(handler: Deno.ServeHandler<Deno.NetAddr>) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    stop: () => server.shutdown(),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

export const failingFront = (error: Error, allowedOrigins = ["*"]) =>
  createFront({ allowedOrigins, log: createKeptLog().log, loadRoutes: () => Promise.reject(error) });

export type ApiOptions = {
  environment?: Record<string, string>;
  keys?: SigningKeys;
  clock?: Clock;
  /** Sees what the function asks of Supabase and may answer or throw in its place. */
  intercept?: Intercept;
  /** Sees each request as the function is given it. */
  onRequest?: (request: Request) => void;
  /** Stands in for everything outside the function; what is asked of it is not recorded. */
  send?: typeof fetch;
  services?: Partial<Services>;
};

/**
 * Serves the function over HTTP in this process, against the tests' project, and records what it asks of Supabase and
 * what it logs. An answer that docs/openapi.json does not describe fails the run.
 */
export async function startApi(options: ApiOptions = {}) {
  const environment = environmentOf({
    ...(options.keys ? { SUPABASE_JWKS: options.keys.jwks } : {}),
    ...options.environment,
  });
  const config = await loadConfig(environment);
  const supabaseRequests: SupabaseRequest[] = [];
  const { log, logged, events } = createKeptLog();
  const background = new Set<Promise<unknown>>();
  let keptAlive = 0;

  const recordingFetch: typeof fetch = (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    if (url.origin === stack.supabase_url) {
      supabaseRequests.push({ method: request.method, path: url.pathname });
      const answer = options.intercept?.(url.pathname, () => fetch(input, init));
      if (answer) return Promise.resolve(answer);
    }
    return fetch(input, init);
  };
  const send = options.send ?? recordingFetch;
  const services = await createServices(config, { environment, fetch: send, clock: options.clock });
  const app = createApp({
    ...services,
    ...options.services,
    keepAlive(work) {
      keptAlive++;
      background.add(work);
      void work.finally(() => background.delete(work));
    },
  });
  const front = createFront({
    allowedOrigins: readAllowedOrigins(environment),
    log,
    loadRoutes: () => Promise.resolve(app),
  });
  const server = serveLocally(watchAnswers((request, info) => {
    options.onRequest?.(request);
    return front.fetch(request, info);
  }));
  const url = `${server.url}/api`;

  return {
    url,
    supabaseRequests,
    asked: () => supabaseRequests.map(({ method, path }) => `${method} ${path}`),
    logged,
    events,

    /** One request; `body` is sent as JSON, a string unchanged. */
    async call(
      method: string,
      path: string,
      request: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
    ): Promise<Answer> {
      const { token, body, headers } = request;
      const response = await fetch(url + path, {
        method,
        redirect: "manual",
        headers: {
          ...(token ? { Authorization: `Bearer ${token}` } : {}),
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
          ...headers,
        },
        body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
      });
      return await answerOf(response);
    },

    keptAlive: () => keptAlive,

    /** Resolves when the work that outlives its answers is done. */
    settled: async (): Promise<void> => void await Promise.all(background),

    async [Symbol.asyncDispose]() {
      await Promise.all(background);
      await server.stop();
    },
  };
}

export type Api = Awaited<ReturnType<typeof startApi>>;

/** An answer with its body read: parsed where it is JSON. */
export async function answerOf(response: Response): Promise<Answer> {
  const { status, headers } = response;
  const text = await response.text();
  const isJson = headers.get("content-type")?.startsWith("application/json");
  return { status, headers, body: isJson && text ? JSON.parse(text) : text };
}

/**
 * The whole error envelope: exactly `{ detail, code, request_id }`, the id as in the header.
 * @param headers further headers with their values; null for one that must not be there
 */
export function assertError(
  answer: Answer,
  status: number,
  code: string,
  detail?: string,
  headers: Record<string, string | null> = {},
): void {
  const { body } = answer;
  assert.equal(answer.status, status, JSON.stringify(body));
  const requestId = answer.headers.get("x-request-id");
  assert(requestId);
  assert(typeof body === "object" && body !== null && "detail" in body);
  assert.equal(typeof body.detail, "string");
  assert.deepEqual(body, { detail: detail ?? body.detail, code, request_id: requestId });
  for (const [name, value] of Object.entries(headers)) assert.equal(answer.headers.get(name), value, name);
}

/** How a database that is away, or still starting, answers. */
export const databaseAway = () =>
  Response.json({ message: "no connection", code: "PGRST000" }, { status: 503 });

export async function askForUpload(api: Api, token: string) {
  const answer = await api.call("POST", "/clone/upload-url", { token, body: DETAILS });
  assert.equal(answer.status, 200, JSON.stringify([answer.body, api.logged]));
  return createUploadUrl.answer.schema().parse(answer.body);
}

export async function putClip(uploadUrl: string, clip: Bytes, type = "audio/wav"): Promise<void> {
  const response = await fetch(uploadUrl, { method: "PUT", headers: { "Content-Type": type }, body: clip });
  assert.equal(response.status, 200, await response.text());
}

/** Uploads a clip and gives the body of the finalize that should follow. */
export async function upload(api: Api, token: string, options: { clip?: Bytes; type?: string } = {}) {
  const { voice_id, upload_url, object_key } = await askForUpload(api, token);
  await putClip(upload_url, options.clip ?? await speechClip(), options.type);
  return { body: { voice_id, ...DETAILS }, objectKey: object_key };
}
