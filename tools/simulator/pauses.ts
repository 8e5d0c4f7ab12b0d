import { ConnectionCut } from "./errors.ts";

/** A call that waits to be released. */
export interface HeldCall {
  readonly id: number;
  readonly action: string | null;
  /** Whether it is held before or after it took effect. */
  readonly when: "before" | "after";
}

/** Calls that are made to wait: for a time, or until they are released. */
export interface Pauses {
  delay(ms: number): Promise<void>;
  /** Resolves when released. */
  hold(call: HeldCall): Promise<void>;
  held(): HeldCall[];
  /** How many calls are being delayed. */
  delayed(): number;
  /** Resolves true as soon as at least `count` calls are held, false after `timeoutMs` or when abandoned. */
  waitForHeld(count: number, timeoutMs: number): Promise<boolean>;
  /** Lets one held call go on, or all of them; returns how many went on. */
  release(id?: number): number;
  /** Ends every wait: held and delayed calls are cut where they are, so that none that was still to take effect ever does. */
  abandon(): void;
}

interface Pause {
  readonly call?: HeldCall;
  readonly resume: () => void;
  readonly abandon: () => void;
}

/** No pauses yet. */
export function createPauses(): Pauses {
  const pauses = new Set<Pause>();
  const watchers = new Set<(over: boolean) => void>();
  const heldPauses = () => [...pauses].filter(({ call }) => call !== undefined);

  function pause(options: { call?: HeldCall; ms?: number }): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = options.ms === undefined ? undefined : setTimeout(() => entry.resume(), options.ms);
    const end = () => {
      clearTimeout(timer);
      pauses.delete(entry);
    };
    const entry: Pause = {
      call: options.call,
      resume: () => (end(), resolve()),
      abandon: () => (end(), reject(new ConnectionCut())),
    };
    pauses.add(entry);
    for (const watch of [...watchers]) watch(false);
    return promise;
  }

  return {
    delay: (ms) => pause({ ms }),
    hold: (call) => pause({ call }),
    held: () => heldPauses().flatMap(({ call }) => call ? [call] : []),
    delayed: () => pauses.size - heldPauses().length,
    waitForHeld(count, timeoutMs) {
      if (heldPauses().length >= count) return Promise.resolve(true);
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const watch = (over: boolean) => {
        const reached = heldPauses().length >= count;
        if (!reached && !over) return;
        clearTimeout(timer);
        watchers.delete(watch);
        resolve(reached);
      };
      const timer = setTimeout(() => watch(true), timeoutMs);
      watchers.add(watch);
      return promise;
    },
    release(id) {
      const released = heldPauses().filter(({ call }) => id === undefined || call?.id === id);
      for (const { resume } of released) resume();
      return released.length;
    },
    abandon() {
      for (const entry of [...pauses]) entry.abandon();
      for (const watch of [...watchers]) watch(true);
    },
  };
}
