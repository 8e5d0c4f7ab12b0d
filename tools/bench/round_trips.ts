import { answered, USER_REQUESTS } from "./bench_user.ts";
import type { Bench, RunOptions } from "./bench_run.ts";
import { compared } from "./figures.ts";
import { FUNCTION } from "./measured_process.ts";
import { withStandIn } from "./stand_in_process.ts";
import { inTurns, timed } from "./turns.ts";

/** The delay of each Supabase request, in milliseconds. */
export const ROUND_TRIP_MS = 50;

const TARGETS: Readonly<Record<string, number>> = {
  "POST /clone/upload-url": 1.3,
  "POST /clone/finalize": 3.4,
};

const FULL = { turns: 20, warmUps: 3 };
const ONCE = { turns: 1, warmUps: 0 };

/**
 * How many Supabase requests a route makes one after another: the time of each user route, once it is warm, beside one delayed
 * request. The provider answers at once; tokens are signed with ES256 and their keys known.
 */
export const roundTrips = {
  name: "round_trips",
  run: ({ quick, ending, deno }: RunOptions) =>
    withStandIn({ projectMs: ROUND_TRIP_MS, ending, deno }, async (standIn) => {
      const served = await standIn.start(FUNCTION);
      const oneRequest = { path: "/rest/v1/voices", method: "GET" };
      const measured = await inTurns(
        Object.entries(USER_REQUESTS).map(([route, request]) => ({
          of: route,
          value: timed(() => answered(`${served.url}/api`, request(), standIn.headers)),
          baseline: timed(() => answered(standIn.url, oneRequest, standIn.headers)),
        })),
        quick ? ONCE : FULL,
      );
      return measured.map(({ of: what, medians }) =>
        compared(
          { what, unit: "ms", against: "one delayed request", ratioLimit: TARGETS[what] },
          ...medians("ms"),
        )
      );
    }),
} satisfies Bench;
