/** When every schedule begins, in milliseconds since the epoch. */
export const START = Date.parse("2026-11-22T12:00:00Z");

/** Mulberry32: small, fast, and the same everywhere; from 0 up to 1. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Turns of the event loop in which every promise has settled: reading a body takes some. With 5, some schedules go on too early. */
const TURNS = 8;

/** Turns of the event loop. By messages, because Deno 2.1 takes a millisecond for each `setImmediate`. */
function createTurns() {
  const { port1, port2 } = new MessageChannel();
  let next = () => {};
  port1.onmessage = () => next();
  return {
    take: () =>
      new Promise<void>((resolve) => {
        next = resolve;
        port2.postMessage(null);
      }),
    end() {
      port1.close();
      port2.close();
    },
  };
}

type Event = { time: number; order: number; run: () => void };

export type Scheduler = ReturnType<typeof createScheduler>;

/** Virtual time: events run in order of their times, and after each one every promise settles before the next. */
export function createScheduler(seed: number) {
  const random = createRandom(seed);
  const queue: Event[] = [];
  let now = START;
  let order = 0;

  const turns = createTurns();
  const settled = async () => {
    for (let count = 0; count < TURNS; count++) await turns.take();
  };
  const isBefore = (a: Event, b: Event) => a.time < b.time || (a.time === b.time && a.order < b.order);

  return {
    now: () => now,
    random,
    /** A whole number from `least` to `most`. */
    between: (least: number, most: number) => least + Math.floor(random() * (most - least + 1)),
    chance: (probability: number) => random() < probability,
    at(time: number, run: () => void): void {
      const event = { time: Math.max(time, now), order: order++, run };
      let index = queue.length;
      while (index > 0 && isBefore(event, queue[index - 1] ?? event)) index--;
      queue.splice(index, 0, event);
    },
    /** Runs everything up to a time, and stops there. */
    async runUntil(end: number): Promise<void> {
      await settled();
      for (let next = queue[0]; next && next.time <= end; next = queue[0]) {
        queue.shift();
        now = next.time;
        next.run();
        await settled();
      }
      now = Math.max(now, end);
    },
    /** Lets the process end. */
    end: turns.end,
  };
}
