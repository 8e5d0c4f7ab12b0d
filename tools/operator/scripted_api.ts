import assert from "node:assert/strict";
import { internalReconcile } from "../../supabase/functions/_shared/contract/internal_reconcile.ts";
import { internalWork } from "../../supabase/functions/_shared/contract/internal_work.ts";
import { callUntilDone, type Route } from "./operator_command.ts";

/** The key of the scripted API. */
export const KEY = "sb_secret_of_the_project";

/** An answer: a text as it is, anything else as JSON; `cut` breaks the connection. */
export type Scripted = { status?: number; body: unknown; headers?: Record<string, string> };

/** Runs a route against an API that gives these answers one after the other, the last one for ever. */
export async function runScripted<Report extends { more: boolean }, Sum>(
  route: Route<Report, Sum>,
  answers: Scripted[],
) {
  const seen: { url: string; method: string; key: string | null; body: unknown; redirect: string }[] = [];
  const slept: number[] = [];
  const failures: string[] = [];
  const target = { api: "https://project.test/functions/v1/api", key: KEY };
  const result = await callUntilDone(target, route, {
    onProgress: (_soFar, failure) => void (failure && failures.push(failure)),
    sleep: (ms) => Promise.resolve(void slept.push(ms)),
    async fetch(input, init) {
      const request = new Request(input, init);
      const { url, method, headers, redirect } = request;
      seen.push({ url, method, key: headers.get("apikey"), body: await request.json(), redirect });
      const { body, ...answer } = answers[seen.length - 1] ?? answers.at(-1) ?? { body: "" };
      if (body === "cut") throw new TypeError("connection reset");
      return typeof body === "string" ? new Response(body, answer) : Response.json(body, answer);
    },
  }).then(
    (sum) => ({ sum, message: "" }),
    (error: Error) => ({ sum: null, message: error.message }),
  );
  assert(!JSON.stringify([result.message, failures]).includes(KEY));
  return { ...result, seen, slept, failures };
}

/** What the internal routes answer when there is nothing to do. */
export const nothingWorked = { ...internalWork.answer.example, completed: 0, put_back: 0 };
const nothingFound = { provider_voices: 0, ours: 0, orphans: [], foreign: [] };
export const nothingReconciled = { ...internalReconcile.answer.example, ...nothingFound };
