import type { SmokeOptions } from "./options.ts";

/** Where a smoke run goes, and how to leave it as it was found. */
export interface Target {
  readonly api: string;
  readonly supabase?: string;
  readonly key?: string;
  close(): Promise<void>;
}

/** What is used of a stack's record. */
export interface RunningStack {
  readonly api_url: string;
  readonly supabase_url: string;
  readonly publishable_key: string;
}

/** A stack that was brought up for one run. */
export interface OwnStack {
  readonly record: RunningStack;
  stop(): Promise<void>;
}

/**
 * The deployment the options name; else the running stack; else one that is brought up, and stopped by `close`.
 * A running stack whose provider is another than `wantedProvider` is left alone, and one is brought up.
 */
export async function findTarget(options: {
  asked: Pick<SmokeOptions, "api" | "supabase" | "key">;
  wantedProvider?: string;
  readStack: () => Promise<RunningStack | null>;
  startStack: () => Promise<OwnStack>;
  /** The provider of the API at a base URL. */
  providerOf: (api: string) => Promise<string>;
  print: (line: string) => void;
}): Promise<Target> {
  const { asked, wantedProvider, print } = options;
  if (asked.api !== undefined) {
    print(`Using ${asked.api}.`);
    return { ...asked, api: asked.api, close: async () => {} };
  }
  const running = await options.readStack();
  if (running) {
    const fits = wantedProvider === undefined || await options.providerOf(running.api_url) === wantedProvider;
    if (fits) {
      print(`Using the running stack, ${running.api_url}.`);
      return { ...targetOf(running), close: async () => {} };
    }
    print(`The running stack has another provider than ${wantedProvider}.`);
  }
  print("Bringing a stack up for this run…");
  const started = performance.now();
  const { record, stop } = await options.startStack();
  print(`${record.api_url} is up after ${Math.round(performance.now() - started)} ms.`);
  return { ...targetOf(record), close: stop };
}

function targetOf(stack: RunningStack): Omit<Target, "close"> {
  return { api: stack.api_url, supabase: stack.supabase_url, key: stack.publishable_key };
}
