import { type Answer, expectStatus, request, type RequestOptions } from "../http_client.ts";
import type { Step } from "../steps.ts";

/** Sends a request whose answer must be as wanted, 2xx when that is not given. */
export type Ask = (url: string, options?: RequestOptions & { wanted?: number }) => Promise<Answer>;

/** How the steps of a run ask. */
export type SmokeClient = {
  step: Step;
  ask: Ask;
  /** Asks a route of the API for the user. */
  call: (path: string, options?: { json?: unknown; wanted?: number }) => Promise<Answer>;
};

/** An `ask` with these options for each request. */
export const createAsk = (common: RequestOptions): Ask => async (url, { wanted, ...options } = {}) =>
  expectStatus(await request(url, { ...common, ...options }), wanted);
