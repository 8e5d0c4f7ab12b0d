import { type Log, messageOf } from "../terminal.ts";
import type { SupabaseLite } from "./supabase_lite.ts";

/** How long a new one is waited for before the next try, in milliseconds. */
const retryMs = 100;

const away = () => Response.json({ message: "The database is restarting." }, { status: 503 });

// postgres 3.4.9, `nextWrite` in connection.js: a statement on a connection that was closed meanwhile.
function isLostConnection(error: unknown): boolean {
  return error instanceof TypeError &&
    /\bnextWrite\b.*\/postgres\/src\/connection\.js/s.test(error.stack ?? "");
}

/**
 * Auth, REST and storage that outlive the database. Their driver does not survive the loss of a connection in the middle of
 * a transaction: it throws in a timer, which ends the process, leaves requests without an answer, and spoils the connection
 * for later ones. So when the database is lost, what is under way is answered 503 and all of it is put aside, and when the
 * database is back a new one is started.
 */
export async function startLastingSupabase(
  { start, log }: { start: () => Promise<SupabaseLite>; log: Log },
) {
  let current: SupabaseLite | null = await start();
  let lost = Promise.withResolvers<void>();
  let stopped = false;
  let lossCount = 0;
  let replacing = Promise.resolve();

  const contain = (event: ErrorEvent) => {
    if (isLostConnection(event.error)) event.preventDefault();
  };
  globalThis.addEventListener("error", contain);

  async function replace(): Promise<void> {
    while (!stopped && current === null) {
      const losses = lossCount;
      try {
        const started = await start();
        if (losses === lossCount) current = started;
        else await started.close().catch(() => {}); // The database went again meanwhile.
      } catch (error) {
        log(`Supabase did not start again: ${messageOf(error)}`);
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  }

  return {
    async fetch(request: Request): Promise<Response> {
      if (current === null) return away();
      return await Promise.race([current.fetch(request), lost.promise.then(away)]);
    },
    /** The database is gone. */
    lose(): void {
      lossCount++;
      const old = current;
      current = null;
      lost.resolve();
      lost = Promise.withResolvers();
      void old?.close().catch(() => {});
    },
    /** The database is there again. */
    renew(): void {
      replacing = replacing.then(replace);
    },
    async close(): Promise<void> {
      stopped = true;
      await replacing;
      await current?.close();
      globalThis.removeEventListener("error", contain);
    },
  };
}

export type LastingSupabase = Awaited<ReturnType<typeof startLastingSupabase>>;
