import type { Clock } from "../../../supabase/functions/_shared/clock.ts";

export type VirtualClock = Clock & {
  /** Every pause so far, in milliseconds. */
  slept: number[];
  /** Lets `ms` pass. */
  advance(ms: number): void;
  /** Jumps to the end of the timeouts of this length. Throws when there are none: something would wait for ever. */
  expire(ms: number): void;
};

/** A clock that stands still until something sleeps: then it jumps, so that no pause takes real time. */
export function createVirtualClock(start = Date.parse("2026-11-22T12:00:00Z")): VirtualClock {
  let now = start;
  const slept: number[] = [];
  const timeouts: { ms: number; controller: AbortController }[] = [];
  return {
    slept,
    advance(ms) {
      now += ms;
    },
    expire(ms) {
      now += ms;
      const ended = timeouts.filter((timeout) => timeout.ms === ms);
      if (ended.length === 0) throw new Error(`no timeout of ${ms} ms is set`);
      for (const { controller } of ended) controller.abort(new DOMException("timed out", "TimeoutError"));
    },
    now: () => now,
    sleep(ms) {
      slept.push(ms);
      now += ms;
      return Promise.resolve();
    },
    timeout(ms) {
      const controller = new AbortController();
      timeouts.push({ ms, controller });
      return controller.signal;
    },
    random: () => 0.5,
  };
}
