// Clocks whose time passes as a test wants it, so that no test waits.
import { setImmediate } from "node:timers";
import type { Clock } from "../../../supabase/functions/_shared/clock.ts";

const NOON = Date.parse("2026-11-22T12:00:00Z");
const timedOut = () => new DOMException("timed out", "TimeoutError");

export type VirtualClock = Clock & {
  slept: number[];
  advance(ms: number): void;
  /** Jumps to the end of the timeouts of this length. Throws when there are none: something would wait for ever. */
  expire(ms: number): void;
};

/** A clock that stands still until something sleeps: then it jumps, so that no pause takes real time. */
export function createVirtualClock(start = NOON): VirtualClock {
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
      for (const { controller } of ended) controller.abort(timedOut());
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

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * A clock whose time passes while calls are under way: `spend` is what a call of that length does. Timeouts that fall into it
 * abort at their time, and what waits for them goes on before more time passes. One thing at a time may spend.
 */
export function createElapsingClock(start = NOON) {
  let now = start;
  const timeouts: { at: number; controller: AbortController }[] = [];

  /** @throws the signal's reason, at the time it aborts */
  const spend = async (ms: number, signal?: AbortSignal): Promise<void> => {
    const end = now + ms;
    signal?.throwIfAborted();
    for (;;) {
      const next = timeouts.filter(({ at, controller }) => at <= end && !controller.signal.aborted)
        .sort((one, other) => one.at - other.at)[0];
      if (!next) break;
      now = Math.max(now, next.at);
      next.controller.abort(timedOut());
      await settled();
      signal?.throwIfAborted();
    }
    now = end;
  };

  const clock: Clock = {
    now: () => now,
    // As the real one: it ends early, and does not fail, when its signal aborts.
    sleep: (ms, signal) => spend(ms, signal).catch(() => {}),
    timeout(ms) {
      const controller = new AbortController();
      timeouts.push({ at: now + ms, controller });
      return controller.signal;
    },
    random: () => 0.5,
  };
  return { ...clock, spend };
}
