/** An uploaded clip: its first bytes are in memory, the rest takes requests. */
export type ClipSource = {
  sizeBytes: number;
  /** The whole clip, if it is short. */
  firstBytes: Uint8Array;
  /** All bytes from `start` to `end`, exclusive. */
  readRange(start: number, end: number): Promise<Uint8Array>;
};

/** The bytes of a clip from `start` to `end`, exclusive. */
export type ReadBytes = (start: number, end: number) => Promise<Uint8Array>;

export const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The minimum size of a request, in bytes. It doubles while the reader moves forward, as through the frames of an MP3. */
const WINDOW_BYTES = 65_536;
const LARGEST_WINDOW_BYTES = 524_288;

/** The maximum number of reads: far more than a minute of audio has frames, fragments or chunks. */
const MOST_READS = 20_000;

/** `readRange` failed, as opposed to invalid bytes. */
export class ReadFailure extends Error {
  override readonly name = "ReadFailure";
}

/**
 * Reads any part of a clip. The first bytes and the last window are not requested again.
 * @returns a function that throws ReadFailure, and an Error after too many reads
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
      // Otherwise the same request would repeat endlessly.
      if (bytes.length !== to - start) throw new Error("fewer bytes of the clip were given than asked for");
      return { start, bytes };
    } catch (cause) {
      throw new ReadFailure("the clip could not be read", { cause });
    }
  };

  return async (start, end) => {
    if (++reads > MOST_READS) throw new Error("too many reads of the clip");
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
