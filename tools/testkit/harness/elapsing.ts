import { setImmediate } from "node:timers";
import type { Clock } from "../../../supabase/functions/_shared/clock.ts";

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * A clock whose time passes while calls are under way: `spend` is what a call of that length does. Timeouts that fall into it
 * abort at their time, and what waits for them goes on before more time passes. One thing at a time may spend.
 */
export function createElapsingClock(start = Date.parse("2026-11-22T12:00:00Z")) {
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
      next.controller.abort(new DOMException("timed out", "TimeoutError"));
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
