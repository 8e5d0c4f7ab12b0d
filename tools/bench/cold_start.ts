import { answered, USER_REQUESTS, type UserRequest } from "./bench_user.ts";
import type { Bench, RunOptions } from "./bench_run.ts";
import { compared, comparedCpu } from "./figures.ts";
import { BARE, FUNCTION } from "./measured_process.ts";
import { withStandIn } from "./stand_in_process.ts";
import { inTurns } from "./turns.ts";

/** How often each is started, after how many starts that do not count: they fill Deno's caches. */
const FULL = { warmUps: 2, turns: 21 };
const ONCE = { warmUps: 0, turns: 1 };

/** The first requests of a process, each of which gets a process of its own. */
const FIRST: { what: string; ratioLimit: number; request: () => UserRequest }[] = [
  {
    what: "first OPTIONS",
    ratioLimit: 1.5,
    request: () => ({ path: "/clone/upload-url", method: "OPTIONS" }),
  },
  { what: "first upload-url", ratioLimit: 2.5, request: USER_REQUESTS["POST /clone/upload-url"] },
];
const against = "bare Hono";

/**
 * A cold start: from the start of a process to its first answer. Deno's caches are warm. The project is a stand-in that
 * answers at once; tokens are signed with ES256 and their keys known.
 */
export const coldStart = {
  name: "cold_start",
  run: ({ quick, clock, ending, deno }: RunOptions) =>
    withStandIn({ ending, deno }, async (standIn) => {
      const preflight = {
        ...standIn.headers,
        origin: "https://app.example.com",
        "access-control-request-method": "POST",
      };
      const firstAnswer = (entrypoint: string, request: () => UserRequest) => async () => {
        const started = performance.now();
        const process = await standIn.start(entrypoint);
        await answered(`${process.url}/api`, request(), preflight);
        const taken = { ms: performance.now() - started, cpuMs: await clock.of(process.pid) };
        await process.stop();
        return taken;
      };
      const measured = await inTurns(
        FIRST.map((first) => ({
          of: first,
          value: firstAnswer(FUNCTION, first.request),
          baseline: firstAnswer(BARE, first.request),
        })),
        quick ? ONCE : FULL,
      );
      return measured.flatMap(({ of: { what, ratioLimit }, medians }) => [
        compared({ what: `${what}: time`, unit: "ms", against, ratioLimit }, ...medians("ms")),
        ...comparedCpu(clock, { what: `${what}: CPU`, against }, ...medians("cpuMs")),
      ]);
    }),
} satisfies Bench;
