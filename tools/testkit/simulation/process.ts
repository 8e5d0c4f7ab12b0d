import type { Clock } from "../../../supabase/functions/_shared/clock.ts";
import type { Scheduler } from "./scheduler.ts";

/** What can happen to one call. "Before" and "after" are seen from its effect. */
export const FAULTS = [
  ...["fail_before", "fail_after", "hang_before", "hang_after", "answer_late"] as const,
  ...["land_late", "kill_before", "kill_after", "suspend"] as const,
];

export type Fault = (typeof FAULTS)[number];

/** The fault of the next call, or null. */
export type DrawFault = (call: string) => Fault | null;

/** One call of a process to something outside: its effect happens at one moment, its answer comes at another. */
export type Call<Result> = {
  name: string;
  effect: () => Result | Promise<Result>;
  /** What the caller sees when the call fails. */
  failure: () => unknown;
  signal?: AbortSignal;
};

/**
 * One run of the function for one request, whose every call and pause goes through the scheduler. It may be killed, or
 * suspended and wake up much later.
 */
export function createProcess(
  { name, scheduler, drawFault, trace }: {
    name: string;
    scheduler: Scheduler;
    drawFault: DrawFault;
    trace: (line: string) => void;
  },
) {
  let alive = true;
  let wakesAt = 0;
  let die = () => {};
  const killed = new Promise<void>((resolve) => die = resolve);

  /** Nothing reaches a dead process, and a suspended one only when it wakes up. */
  const deliver = (time: number, run: () => void): void =>
    scheduler.at(time, () => {
      if (!alive) return;
      // What has piled up meanwhile, answers and timeouts alike, is met in any order.
      if (scheduler.now() < wakesAt) deliver(wakesAt + scheduler.between(0, 3), run);
      else run();
    });
  const kill = () => {
    trace(`${name} is killed`);
    alive = false;
    die();
  };

  const clock: Clock = {
    now: () => scheduler.now(),
    random: () => scheduler.random(),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        signal?.addEventListener("abort", () => resolve());
        deliver(scheduler.now() + ms, resolve);
      }),
    timeout(ms) {
      const controller = new AbortController();
      deliver(scheduler.now() + Math.max(0, ms), () => controller.abort(new Error("timeout")));
      return controller.signal;
    },
  };

  return {
    name,
    clock,
    killed,
    call: <Result>({ name: callName, effect, failure, signal }: Call<Result>) =>
      new Promise<Result>((resolve, reject) => {
        if (signal?.aborted) return reject(failure());
        signal?.addEventListener("abort", () => reject(failure()));
        const fault = drawFault(callName);
        const lands = scheduler.now() + scheduler.between(1, 80) +
          (fault === "land_late" || (fault === "suspend" && scheduler.chance(0.5))
            ? scheduler.between(5_000, 400_000)
            : 0);
        const answers = lands + scheduler.between(1, 80) +
          (fault === "answer_late" ? scheduler.between(5_000, 200_000) : 0);
        trace(`${name} ${callName}${fault ? ` [${fault}]` : ""}`);
        if (fault === "kill_before") return scheduler.at(lands, kill);
        if (fault === "hang_before") return;
        if (fault === "fail_before") return deliver(lands, () => reject(failure()));
        if (fault === "suspend") wakesAt = scheduler.now() + scheduler.between(1_000, 900_000);
        scheduler.at(lands, () => {
          const settled = Promise.resolve().then(effect);
          settled.catch(() => {});
          if (fault === "kill_after") return kill();
          if (fault === "hang_after") return;
          deliver(answers, () => fault === "fail_after" ? reject(failure()) : settled.then(resolve, reject));
        });
      }),
  };
}

export type Process = ReturnType<typeof createProcess>;
