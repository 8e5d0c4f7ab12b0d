// What finalizes that wait for the provider hold in memory.
import { freePort } from "../stack/process/ports.ts";
import { type Bench, compared, type Row, type RunOptions } from "./bench.ts";
import { codeBytesDuring, MEMORY_PORT } from "./memory_watch.ts";
import { withStandIn } from "./stand_in_process.ts";
import { answered, USER_REQUESTS } from "./user_requests.ts";

/** What the platform gives a worker, in megabytes (Supabase, "Limits"). */
const LIMIT_MB = 256;

const FULL = { atOnce: 500, providerMs: 10_000 };
const ONCE = { atOnce: 10, providerMs: 50 };

/**
 * The most memory that finalizes take while the provider is busy with all of them at once; each is of a voice of its own.
 * Counted as in the bench `memory`: V8's heap and the buffers outside of it.
 */
export const inFlight = {
  name: "in_flight",
  async run(_stack: unknown, { quick, ending, deno }: RunOptions): Promise<Row[]> {
    const { atOnce, providerMs } = quick ? ONCE : FULL;
    const { idle, busy } = await withStandIn(
      { providerMs, ending, deno },
      async ({ start, gather, headers }) => {
        const port = freePort();
        const served = await start("tools/bench/watched_function.ts", {
          // As on the platform; without it V8 tidies up as late as this machine's memory allows.
          DENO_V8_FLAGS: `--max-heap-size=${LIMIT_MB}`,
          [MEMORY_PORT]: `${port}`,
        });
        const finalize = () =>
          answered(`${served.url}/api`, USER_REQUESTS["POST /clone/finalize"](), headers);
        await finalize();
        const idle = await codeBytesDuring(port, () => Promise.resolve());
        await gather(atOnce);
        const all = () => Promise.all(Array.from({ length: atOnce }, finalize));
        return { idle, busy: await codeBytesDuring(port, all) };
      },
    );
    return [compared({
      what: `${atOnce} finalizes in flight, provider takes ${providerMs / 1_000} s: heap and buffers`,
      value: busy / 1e6,
      unit: "MB",
      baseline: idle / 1e6,
      against: "idle after one",
      limit: LIMIT_MB,
    })];
  },
} satisfies Bench;
