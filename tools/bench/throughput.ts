// What requests cost a warm process that is kept busy.
import { type Bench, compared, comparedCpu, type Row, type RunOptions } from "./bench.ts";
import type { DenoProcess } from "./deno_process.ts";
import type { CpuClock } from "./process_usage.ts";
import { withStandIn } from "./stand_in_process.ts";
import { median } from "./timing.ts";
import { answered, USER_REQUESTS, type UserRequest } from "./user_requests.ts";

const ROUTES = ["POST /clone/upload-url", "POST /clone/finalize", "GET /voices"] as const;

/** How many requests are under way at once, how many a turn has, and how many turns; the first one does not count. */
const FULL = { atOnce: 16, requests: 600, turns: 6 };
const ONCE = { atOnce: 4, requests: 40, turns: 2 };
type Counts = typeof FULL;

type Taken = { perSecond: number; cpuMs: number };

/** Asks a process as often as a turn has it, and measures both. */
async function turnOf(
  { url, pid }: DenoProcess,
  { atOnce, requests }: Counts,
  { clock, request, headers }: {
    clock: CpuClock;
    request: () => UserRequest;
    headers: Record<string, string>;
  },
): Promise<Taken> {
  const cpuMs = await clock.of(pid);
  const started = performance.now();
  let left = requests;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (left-- > 0) await answered(`${url}/api`, request(), headers);
  }));
  const seconds = (performance.now() - started) / 1_000;
  return { perSecond: requests / seconds, cpuMs: (await clock.of(pid) - cpuMs) / requests };
}

/**
 * Requests per second and CPU per request, beside a bare Hono route that the same client asks the same. Client, function and
 * stand-in share this machine's cores, so the requests per second are of all three; the CPU is the function's
 * alone, told where the clock is fine enough.
 */
export const createThroughput = (clock: CpuClock) => ({
  name: "throughput",
  async run(_stack: unknown, { quick, ending, deno }: RunOptions): Promise<Row[]> {
    const counts = quick ? ONCE : FULL;
    const contests = ROUTES.map((route) => ({
      route,
      value: new Array<Taken>(),
      baseline: new Array<Taken>(),
    }));
    await withStandIn({ ending, deno }, async ({ start, headers }) => {
      const served = await start("supabase/functions/api/index.ts");
      const bare = await start("tools/bench/bare_hono.ts");
      for (let turn = 0; turn < counts.turns; turn++) {
        for (const { route, value, baseline } of contests) {
          const asked = { clock, request: USER_REQUESTS[route], headers };
          const ours = await turnOf(served, counts, asked);
          const theirs = await turnOf(bare, counts, asked);
          if (turn === 0) continue;
          value.push(ours);
          baseline.push(theirs);
        }
      }
    });
    return contests.flatMap(({ route, value, baseline }) => [
      compared({
        what: `${route}: ${counts.atOnce} at once`,
        value: median(value.map(({ perSecond }) => perSecond)),
        unit: "requests/s",
        baseline: median(baseline.map(({ perSecond }) => perSecond)),
        against: "bare Hono",
      }),
      ...comparedCpu(clock, {
        what: `${route}: CPU of each`,
        parts: counts.requests,
        value: median(value.map(({ cpuMs }) => cpuMs)),
        baseline: median(baseline.map(({ cpuMs }) => cpuMs)),
        against: "bare Hono",
      }),
    ]);
  },
} satisfies Bench);
