// How many requests of Supabase a route makes one after another.
import { type Bench, compared, type Row, type RunOptions } from "./bench.ts";
import { withStandIn } from "./stand_in_process.ts";
import { timed } from "./timing.ts";
import { answered, USER_REQUESTS } from "./user_requests.ts";

/** What stands in front of each request of Supabase, in milliseconds. */
export const ROUND_TRIP_MS = 50;

const TARGETS: Readonly<Record<string, number>> = {
  "POST /clone/upload-url": 1.3,
  "POST /clone/finalize": 3.4,
};

const FULL = { turns: 20, warmUps: 3 };
const ONCE = { turns: 1, warmUps: 0 };

/**
 * The time of each route that users have, once it is warm, beside one delayed request. The provider answers at once; tokens are
 * of ES256 and their keys known.
 */
export const roundTrips = {
  name: "round_trips",
  async run(_stack: unknown, { quick, ending, deno }: RunOptions): Promise<Row[]> {
    const oneRequest = { path: "/rest/v1/voices", method: "GET" };
    const times = await withStandIn({ projectMs: ROUND_TRIP_MS, ending, deno }, async (standIn) => {
      const served = await standIn.start("supabase/functions/api/index.ts");
      return await timed(
        Object.entries(USER_REQUESTS).map(([route, request]) => ({
          route,
          value: () => answered(`${served.url}/api`, request(), standIn.headers),
          baseline: () => answered(standIn.url, oneRequest, standIn.headers),
        })),
        quick ? ONCE : FULL,
      );
    });
    return times.map(({ route, valueMs, baselineMs }) =>
      compared({
        what: route,
        value: valueMs,
        unit: "ms",
        baseline: baselineMs,
        against: "one delayed request",
        ratioLimit: TARGETS[route],
      })
    );
  },
} satisfies Bench;
