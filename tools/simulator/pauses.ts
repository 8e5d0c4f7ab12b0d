import { ConnectionCut } from "./dashscope_errors.ts";

/** A call that waits to be released, before or after it took effect. */
export type HeldCall = { id: number; action: string | null; when: "before" | "after" };

type Pause = { call?: HeldCall; resume: () => void; abandon: () => void };

export function createPauses() {
  const pauses = new Set<Pause>();
  const watchers = new Set<(over: boolean) => void>();
  const held = () => [...pauses].flatMap(({ call }) => call ? [call] : []);

  function pause({ call, ms }: { call?: HeldCall; ms?: number }): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = ms === undefined ? undefined : setTimeout(() => entry.resume(), ms);
    const end = () => {
      clearTimeout(timer);
      pauses.delete(entry);
    };
    const entry: Pause = {
      call,
      resume: () => (end(), resolve()),
      abandon: () => (end(), reject(new ConnectionCut())),
    };
    pauses.add(entry);
    for (const watch of [...watchers]) watch(false);
    return promise;
  }

  return {
    delay: (ms: number) => pause({ ms }),
    hold: (call: HeldCall) => pause({ call }),
    held,
    delayed: () => pauses.size - held().length,
    /** Resolves to true as soon as `count` calls are held, to false after `timeoutMs` or when abandoned. */
    waitForHeld(count: number, timeoutMs: number): Promise<boolean> {
      if (held().length >= count) return Promise.resolve(true);
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const watch = (over: boolean) => {
        const reached = held().length >= count;
        if (!reached && !over) return;
        clearTimeout(timer);
        watchers.delete(watch);
        resolve(reached);
      };
      const timer = setTimeout(() => watch(true), timeoutMs);
      watchers.add(watch);
      return promise;
    },
    /** Releases one held call, or all; returns how many. */
    release(id?: number): number {
      const released = [...pauses].filter(({ call }) => call && (id === undefined || call.id === id));
      for (const { resume } of released) resume();
      return released.length;
    },
    /** Cuts held and delayed calls: those that have not taken effect never do. */
    abandon(): void {
      for (const entry of [...pauses]) entry.abandon();
      for (const watch of [...watchers]) watch(true);
    },
  };
}
