import type { ListeningProcess } from "../stack/function/function_command.ts";
import { answered, USER_REQUESTS } from "./bench_user.ts";
import type { Bench, RunOptions } from "./bench_run.ts";
import { compared, comparedCpu } from "./figures.ts";
import { BARE, FUNCTION } from "./measured_process.ts";
import { withStandIn } from "./stand_in_process.ts";
import { inTurns } from "./turns.ts";

const ROUTES = ["POST /clone/upload-url", "POST /clone/finalize", "GET /voices"] as const;

/** How many requests are in flight at once, how many a turn has, and how many turns, after those that do not count. */
const FULL = { atOnce: 16, requests: 600, turns: 5, warmUps: 1 };
const ONCE = { atOnce: 4, requests: 40, turns: 1, warmUps: 1 };
const against = "bare Hono";

/**
 * What requests cost a warm, busy process: requests per second and CPU per request, beside a bare Hono route with the same
 * client and requests. Client, function and stand-in share this machine's cores, so the requests per second are of all three;
 * the CPU is the function's alone.
 */
export const throughput = {
  name: "throughput",
  run: ({ quick, clock, ending, deno }: RunOptions) =>
    withStandIn({ ending, deno }, async ({ start, headers }) => {
      const counts = quick ? ONCE : FULL;
      const { atOnce, requests } = counts;
      const busy = ({ url, pid }: ListeningProcess, route: typeof ROUTES[number]) => async () => {
        const cpuMs = await clock.of(pid);
        const started = performance.now();
        let left = requests;
        await Promise.all(Array.from({ length: atOnce }, async () => {
          while (left-- > 0) await answered(`${url}/api`, USER_REQUESTS[route](), headers);
        }));
        const seconds = (performance.now() - started) / 1_000;
        return { perSecond: requests / seconds, cpuMs: (await clock.of(pid) - cpuMs) / requests };
      };
      const served = await start(FUNCTION);
      const bare = await start(BARE);
      const measured = await inTurns(
        ROUTES.map((route) => ({ of: route, value: busy(served, route), baseline: busy(bare, route) })),
        counts,
      );
      return measured.flatMap(({ of: route, medians }) => [
        compared(
          { what: `${route}: ${atOnce} at once`, unit: "requests/s", against },
          ...medians("perSecond"),
        ),
        ...comparedCpu(clock, { what: `${route}: CPU of each`, against }, ...medians("cpuMs"), requests),
      ]);
    }),
} satisfies Bench;
