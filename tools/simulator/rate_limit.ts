import { DashScopeError } from "./errors.ts";

/** Requests allowed in any minute, and in any second. */
export interface RateLimits {
  readonly perMinute: number;
  readonly perSecond: number;
}

/** Counts the account's requests, those of each path for themselves. Off until limits are set. */
export interface RateLimit {
  set(limits: RateLimits | undefined): void;
  /** Counts one request of a path. Throws 429 `Throttling.BurstRate` (the second) or `Throttling.RateQuota` (the minute). */
  count(path: string): void;
}

/** A sliding window over the last minute; requests that were refused do not count. */
export function createRateLimit(options: { now: () => Date }): RateLimit {
  let limits: RateLimits | undefined;
  let timesOf = new Map<string, number[]>();
  return {
    set(value) {
      limits = value;
      timesOf = new Map();
    },
    count(path) {
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
