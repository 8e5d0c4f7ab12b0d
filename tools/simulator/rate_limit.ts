import { DashScopeError } from "./dashscope_errors.ts";

/** Counts requests by path in a sliding window. Off until limits are set; refused requests do not count. */
export function createRateLimit(options: { now: () => Date }) {
  let limits: { perMinute: number; perSecond: number } | undefined;
  let timesOf = new Map<string, number[]>();
  return {
    set(value: typeof limits): void {
      limits = value;
      timesOf = new Map();
    },
    /** Throws 429 `Throttling.BurstRate` (the second) or `Throttling.RateQuota` (the minute). */
    count(path: string): void {
      if (!limits) return;
      const now = options.now().getTime();
      const times = (timesOf.get(path) ?? []).filter((time) => time > now - 60_000);
      if (times.length >= limits.perMinute) throw new DashScopeError("Throttling.RateQuota");
      if (times.filter((time) => time > now - 1_000).length >= limits.perSecond) {
        throw new DashScopeError("Throttling.BurstRate");
      }
      timesOf.set(path, [...times, now]);
    },
  };
}
