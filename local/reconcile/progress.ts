import type { Reconciled } from "./batches.ts";

/** How long nothing is said, in milliseconds. */
const SILENCE_MS = 5_000;

/**
 * Says now and then how far a long run is. `print` takes one line.
 * @param options.atOnce whether somebody watches: then the first line does not wait
 */
export function startProgress(options: { print: (line: string) => void; atOnce: boolean }) {
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 1_000);
  let done = "";
  const say = () => options.print(`Reconciling for ${seconds()} s${done}…`);
  if (options.atOnce) options.print("Reconciling…");
  const timer = setInterval(say, SILENCE_MS);
  return {
    /** After each batch: how things stand, or why it failed. */
    batch(soFar: Reconciled | null, failure: string | null): void {
      if (soFar) {
        done = `, ${soFar.batches} batches: ${soFar.completed} completed, ${soFar.released} released, ` +
          `${soFar.purged.length} purged, ${soFar.uploads_swept} uploads`;
      }
      if (failure) options.print(`${failure} Trying again.`);
    },
    stop: () => clearInterval(timer),
  };
}
