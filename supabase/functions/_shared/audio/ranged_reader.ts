/** An uploaded clip as it is looked into: its beginning is at hand, the rest is a request away. */
export type ClipSource = {
  sizeBytes: number;
  /** The whole clip, when it is no longer than this. */
  firstBytes: Uint8Array;
  /** The bytes from `start` up to but not including `end`, all of them. */
  readRange(start: number, end: number): Promise<Uint8Array>;
};

/** The bytes of a clip from `start` up to but not including `end`. */
export type ReadBytes = (start: number, end: number) => Promise<Uint8Array>;

/**
 * How much one request asks for at least, in bytes: readers of audio go on to what comes next, as a rule. One that goes
 * on and on, through the frames of an MP3 or the fragments of an M4A, is given twice as much each time.
 */
const WINDOW_BYTES = 65_536;
const LARGEST_WINDOW_BYTES = 524_288;

/** How many parts of a clip are read at most: far more than a minute of audio has frames, fragments or chunks. */
const MOST_READS = 20_000;

/** A failure of the clip's own `readRange`, as opposed to bytes that make no sense. */
export class ReadFailure extends Error {
  override readonly name = "ReadFailure";
}

/** A header that leads from one place to the next without end, or nearly so. */
export class TooManyReads extends Error {
  override readonly name = "TooManyReads";
}

/**
 * Reads any part of a clip, asking for as little of it as goes: what is at hand, or was in the last window, is not
 * asked for again.
 * @returns throws ReadFailure, and TooManyReads
 */
export function createRangedReader(clip: ClipSource): ReadBytes {
  let window = { start: 0, bytes: clip.firstBytes };
  let windowBytes = WINDOW_BYTES;
  let reads = 0;

  const fetchWindow = async (start: number, end: number) => {
    const distance = start - (window.start + window.bytes.length);
    const goesOn = distance >= 0 && distance < WINDOW_BYTES;
    windowBytes = goesOn ? Math.min(2 * windowBytes, LARGEST_WINDOW_BYTES) : WINDOW_BYTES;
    const to = Math.min(clip.sizeBytes, Math.max(end, start + windowBytes));
    try {
      const bytes = await clip.readRange(start, to);
      // Or the same would be asked for again and again.
      if (bytes.length !== to - start) throw new Error("fewer bytes of the clip were given than asked for");
      return { start, bytes };
    } catch (cause) {
      throw new ReadFailure("the clip could not be read", { cause });
    }
  };

  return async (start, end) => {
    if (++reads > MOST_READS) throw new TooManyReads("the clip is read in too many parts");
    if (end <= clip.firstBytes.length) return clip.firstBytes.subarray(start, end);
    const out = new Uint8Array(end - start);
    for (let at = start; at < end;) {
      const held = [{ start: 0, bytes: clip.firstBytes }, window]
        .find((one) => at >= one.start && at < one.start + one.bytes.length) ??
        (window = await fetchWindow(at, end));
      const part = held.bytes.subarray(at - held.start, end - held.start);
      out.set(part, at - start);
      at += part.length;
    }
    return out;
  };
}
