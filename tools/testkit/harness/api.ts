import "./sanitizers.ts";
import { createApp } from "../../../supabase/functions/api/app.ts";
import { createFront } from "../../../supabase/functions/api/front.ts";
import { createServices } from "../../../supabase/functions/api/services.ts";
import type { Clock } from "../../../supabase/functions/_shared/clock.ts";
import { loadConfig } from "../../../supabase/functions/_shared/config.ts";
import { readAllowedOrigins } from "../../../supabase/functions/_shared/environment.ts";
import { createLog, type LogLevel } from "../../../supabase/functions/_shared/log.ts";
import { keepLogLine } from "./kept_log.ts";
import { watchAnswers } from "./seen_answers.ts";
import { stack } from "./stack.ts";
import type { SigningKeys } from "./users.ts";

/** A key that must never be seen in a log or an answer. */
export const PROVIDER_KEY = "sk-test-0123456789abcdef";

export type SupabaseRequest = { method: string; path: string };

/** Answers a request in the place of Supabase; undefined passes it on, and `send` does so by hand. */
export type Intercept = (
  path: string,
  send: () => Promise<Response>,
) => Response | Promise<Response> | undefined;

export type Answer = { status: number; headers: Headers; body: unknown };

/** The environment of a function that belongs to the tests' project. */
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

/** How a test wants the function served. */
export type ApiOptions = {
  environment?: Record<string, string>;
  keys?: SigningKeys;
  clock?: Clock;
  /** Sees what the function asks of Supabase and may answer or throw in its place. */
  intercept?: Intercept;
  /** Sees each request as the function is given it. */
  onRequest?: (request: Request) => void;
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
  const logged: string[] = [];
  const background: Promise<unknown>[] = [];

  const write = (_level: LogLevel, line: string) => {
    logged.push(line);
    keepLogLine(line);
  };
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
  const services = await createServices(config, { environment, fetch: recordingFetch, clock: options.clock });
  const app = createApp({ ...services, keepAlive: (work) => background.push(work) });
  const front = createFront({
    allowedOrigins: readAllowedOrigins(environment),
    log: createLog({ write, now: () => new Date() }),
    loadRoutes: () => Promise.resolve(app),
  });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    watchAnswers((request, info) => {
      options.onRequest?.(request);
      return front.fetch(request, info);
    }),
  );
  const url = `http://127.0.0.1:${server.addr.port}/api`;

  return {
    url,
    supabaseRequests,
    logged,
    /** The logged events of one name. */
    events: (name: string): Record<string, unknown>[] =>
      logged.map((line) => JSON.parse(line)).filter((event) => event.event === name),

    /** One request; `body` is sent as JSON, a string as it stands. */
    async call(
      method: string,
      path: string,
      request: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
    ): Promise<Answer> {
      const response = await fetch(url + path, {
        method,
        redirect: "manual",
        headers: {
          ...(request.token ? { Authorization: `Bearer ${request.token}` } : {}),
          ...(request.body === undefined ? {} : { "Content-Type": "application/json" }),
          ...request.headers,
        },
        body: request.body === undefined || typeof request.body === "string"
          ? request.body
          : JSON.stringify(request.body),
      });
      const text = await response.text();
      const isJson = response.headers.get("content-type")?.startsWith("application/json");
      return {
        status: response.status,
        headers: response.headers,
        body: isJson && text ? JSON.parse(text) : text,
      };
    },

    /** How many pieces of work the runtime was asked to stay alive for. */
    keptAlive: () => background.length,

    /** Resolves when the work that outlives its answers is done. */
    settled: async (): Promise<void> => void await Promise.all(background),

    async [Symbol.asyncDispose]() {
      await Promise.all(background);
      await server.shutdown();
    },
  };
}

export type Api = Awaited<ReturnType<typeof startApi>>;
