// From the start of a process to its first answer.
import { type Bench, compared, comparedCpu, type Row, type RunOptions } from "./bench.ts";
import type { CpuClock } from "./process_usage.ts";
import { type StandIn, withStandIn } from "./stand_in_process.ts";
import { median } from "./timing.ts";
import { answered, USER_REQUESTS, type UserRequest } from "./user_requests.ts";

const FUNCTION = "supabase/functions/api/index.ts";
const BARE = "tools/bench/bare_hono.ts";

/** How often each is started, after how many starts that do not count: they fill Deno's caches. */
const FULL = { warmUps: 2, starts: 21 };
const ONCE = { warmUps: 0, starts: 1 };

const FIRST: { what: string; ratioLimit: number; request: () => UserRequest }[] = [
  {
    what: "first OPTIONS",
    ratioLimit: 1.5,
    request: () => ({ path: "/clone/upload-url", method: "OPTIONS" }),
  },
  { what: "first upload-url", ratioLimit: 2.5, request: USER_REQUESTS["POST /clone/upload-url"] },
];

type Taken = { ms: number; cpuMs: number };

/** Starts a process, asks it once, and ends it. */
async function firstAnswer(
  { standIn, clock }: { standIn: StandIn; clock: CpuClock },
  entrypoint: string,
  request: UserRequest,
): Promise<Taken> {
  const started = performance.now();
  const process = await standIn.start(entrypoint);
  await answered(`${process.url}/api`, request, {
    ...standIn.headers,
    origin: "https://app.example.com",
    "access-control-request-method": "POST",
  });
  const taken = { ms: performance.now() - started, cpuMs: await clock.of(process.pid) };
  await process.stop();
  return taken;
}

/**
 * A cold start: a process that was never asked anything is started and asked at once. Deno's caches are warm. The project is
 * a stand-in that answers immediately; tokens are of ES256 and their keys known. CPU is told where the clock is fine enough.
 */
export const createColdStart = (clock: CpuClock) => ({
  name: "cold_start",
  async run(_stack: unknown, { quick, ending, deno }: RunOptions): Promise<Row[]> {
    const { warmUps, starts } = quick ? ONCE : FULL;
    const contests = FIRST.map((first) => ({
      ...first,
      value: new Array<Taken>(),
      baseline: new Array<Taken>(),
    }));
    await withStandIn({ ending, deno }, async (standIn) => {
      for (let turn = 0; turn < warmUps + starts; turn++) {
        for (const { request, value, baseline } of contests) {
          const bare = await firstAnswer({ standIn, clock }, BARE, request());
          const ours = await firstAnswer({ standIn, clock }, FUNCTION, request());
          if (turn < warmUps) continue;
          baseline.push(bare);
          value.push(ours);
        }
      }
    });
    return contests.flatMap(({ what, ratioLimit, value, baseline }) => [
      compared({
        what: `${what}: time`,
        value: median(value.map(({ ms }) => ms)),
        unit: "ms",
        baseline: median(baseline.map(({ ms }) => ms)),
        against: "bare Hono",
        ratioLimit,
      }),
      ...comparedCpu(clock, {
        what: `${what}: CPU`,
        value: median(value.map(({ cpuMs }) => cpuMs)),
        baseline: median(baseline.map(({ cpuMs }) => cpuMs)),
        against: "bare Hono",
      }),
    ]);
  },
} satisfies Bench);
