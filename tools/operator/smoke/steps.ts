import { request, SmokeFailure, type SmokeRequest } from "./http.ts";

/** What the steps of a run share: how they are told, and how they ask. */
export interface Steps {
  /** Runs a step and prints a line for it: its title, its time and `told`. Names the step where it fails. */
  step<T>(title: string, work: () => Promise<T>, told?: (result: T) => string): Promise<T>;
  /** As `request` does. */
  ask(url: string, init?: Omit<SmokeRequest, "timeoutMs">): Promise<Response>;
  /** A POST of JSON, which must be answered 2xx, or as wanted. */
  post(url: string, headers: Record<string, string>, body: unknown, wanted?: number): Promise<Response>;
}

/** @param options.timeoutMs for each request, in milliseconds */
export function createSteps(
  options: { print: (line: string) => void; fetch: typeof fetch; timeoutMs: number },
): Steps {
  const { print, timeoutMs } = options;
  const ask: Steps["ask"] = (url, init) => request(options.fetch, url, { ...init, timeoutMs });
  return {
    ask,
    async step(title, work, told = () => "") {
      const started = performance.now();
      try {
        const result = await work();
        const milliseconds = String(Math.round(performance.now() - started)).padStart(6);
        print(`${title.padEnd(24)} ${milliseconds} ms  ${told(result)}`.trimEnd());
        return result;
      } catch (error) {
        if (error instanceof SmokeFailure) throw new SmokeFailure(`${title} failed. ${error.message}`);
        throw error;
      }
    },
    post: (url, headers, body, wanted) =>
      ask(url, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
        wanted,
      }),
  };
}
