import type { Clock } from "../../_shared/clock.ts";

/** A clock that stands still until something sleeps: then it jumps, so that no pause takes real time. */
export function createVirtualClock(start = Date.parse("2026-11-22T12:00:00Z")): Clock & { slept: number[] } {
  let now = start;
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    sleep(ms) {
      slept.push(ms);
      now += ms;
      return Promise.resolve();
    },
    timeout: () => new AbortController().signal,
    random: () => 0.5,
  };
}
