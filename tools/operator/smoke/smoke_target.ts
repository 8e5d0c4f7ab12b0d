import type { Log } from "../../stack/terminal.ts";
import type { StackRecord } from "../../stack/stack_record.ts";

/** Where a smoke run goes. */
export type SmokeTarget = { api: string; supabase?: string; key?: string };

/** What is used of a stack's record. */
export type StackUrls = Pick<StackRecord, "api_url" | "supabase_url" | "publishable_key">;

/**
 * Runs `use` on the deployment that is named; else on the running stack; else on one that is brought up for it. A running
 * stack whose provider is another than `wantedProvider` is left alone.
 */
export async function withSmokeTarget<Result>(
  options: {
    named: { api?: string; supabase?: string; key?: string };
    wantedProvider?: string;
    findStack: () => Promise<StackUrls | null>;
    withOwnStack: (use: (record: StackUrls) => Promise<Result>) => Promise<Result>;
    /** The provider of the API at a base URL. */
    providerOf: (api: string) => Promise<string>;
    print: Log;
  },
  use: (target: SmokeTarget) => Promise<Result>,
): Promise<Result> {
  const { named: { api, supabase, key }, wantedProvider, print } = options;
  if (api !== undefined) {
    print(`Using ${api}.`);
    return await use({ api, supabase, key });
  }
  const running = await options.findStack();
  if (running) {
    if (wantedProvider === undefined || await options.providerOf(running.api_url) === wantedProvider) {
      print(`Using the running stack, ${running.api_url}.`);
      return await use(targetOf(running));
    }
    print(`The running stack has another provider than ${wantedProvider}.`);
  }
  print("Bringing a stack up for this run…");
  const started = performance.now();
  return await options.withOwnStack(async (own) => {
    print(`${own.api_url} is up after ${Math.round(performance.now() - started)} ms.`);
    return await use(targetOf(own));
  });
}

function targetOf({ api_url: api, supabase_url: supabase, publishable_key: key }: StackUrls): SmokeTarget {
  return { api, supabase, key };
}
