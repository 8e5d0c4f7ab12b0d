import type { ClipSource } from "../../../supabase/functions/_shared/audio/ranged_reader.ts";

/** What finalize reads of a clip before it is looked into, in bytes. */
const FIRST_RANGE_BYTES = 65_536;

/** A clip as inspection is handed it, which keeps what was asked of it. */
export type CountedClip = {
  source: ClipSource;
  /** The ranges that were asked for after the first, as [start, end), whether they were inside the file or not. */
  ranges: [start: number, end: number][];
  /** With the first range. */
  bytesRead: () => number;
  /** Those ranges that were not inside the file, or were empty. */
  outside: () => [start: number, end: number][];
};

/**
 * A clip in memory that is read as one in Storage is.
 * @param firstBytes how much of it is at hand
 */
export function countedClip(clip: Uint8Array, firstBytes = FIRST_RANGE_BYTES): CountedClip {
  const ranges: [number, number][] = [];
  const first = clip.slice(0, firstBytes);
  return {
    source: {
      sizeBytes: clip.length,
      firstBytes: first,
      readRange: (start, end) => {
        ranges.push([start, end]);
        return Promise.resolve(clip.slice(start, end));
      },
    },
    ranges,
    bytesRead: () => ranges.reduce((total, [start, end]) => total + Math.max(0, end - start), first.length),
    outside: () =>
      ranges.filter(([start, end]) =>
        !(Number.isInteger(start) && start >= 0 && start < end && end <= clip.length)
      ),
  };
}
