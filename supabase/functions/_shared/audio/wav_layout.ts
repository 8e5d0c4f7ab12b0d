import type { Span } from "./ranged_reader.ts";

/** What the beginning of a WAV tells of where things lie in it. */
export type WavLayout = {
  /** Where the sound ends, and with it what is worth reading. */
  end: number;
  /** Titles and remarks, which may be larger than the sound. In the order of their starts. */
  skipped: Span[];
  /** The samples are compressed, which is told apart because nothing reads them. */
  isCompressed: boolean;
  /** What it says of its samples cannot be. */
  isDamaged: boolean;
};

/** The lengths of headers, in bytes (Microsoft and IBM, "Multimedia Programming Interface", RIFF). */
const CHUNK_HEADER_BYTES = 8;
const RIFF_HEADER_BYTES = 12;

/** A smaller chunk is as well read as left out, in bytes. */
const WORTH_SKIPPING_BYTES = 1024;

const nameAt = (view: DataView, at: number) =>
  String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));

/** The format tags of samples that are not compressed: PCM, float, A-law, µ-law (RFC 2361). */
const PLAIN_SAMPLES = new Set([0x0001, 0x0003, 0x0006, 0x0007]);
/** Stands in the place of a format tag that follows further on (Microsoft, WAVEFORMATEXTENSIBLE). */
const EXTENSIBLE = 0xfffe;
const EXTENDED_TAG_AT = 24;

/** Where things lie in a chunk `fmt `, in bytes. */
const CHANNELS_AT = 2;
const BLOCK_BYTES_AT = 12;
const BITS_AT = 14;
const PLAIN_FORMAT_BYTES = 16;

function readFormat(view: DataView, start: number, end: number, layout: WavLayout): void {
  if (start + PLAIN_FORMAT_BYTES > Math.min(view.byteLength, end)) return;
  const tag = view.getUint16(start, true);
  const extended = start + EXTENDED_TAG_AT;
  const isExtended = tag === EXTENSIBLE && extended + 2 <= Math.min(end, view.byteLength);
  layout.isCompressed = !PLAIN_SAMPLES.has(isExtended ? view.getUint16(extended, true) : tag);
  const sampleBytes = Math.ceil(view.getUint16(start + BITS_AT, true) / 8);
  layout.isDamaged = view.getUint16(start + BLOCK_BYTES_AT, true) !==
    view.getUint16(start + CHANNELS_AT, true) * sampleBytes;
}

/**
 * Reads the chunks whose headers are among the first bytes; of what is no WAV they tell nothing. What follows the chunk
 * `data` is left out: it holds tags.
 */
export function wavLayoutOf(firstBytes: Uint8Array, sizeBytes: number): WavLayout {
  const view = new DataView(firstBytes.buffer, firstBytes.byteOffset, firstBytes.byteLength);
  const layout: WavLayout = { end: sizeBytes, skipped: [], isCompressed: false, isDamaged: false };
  if (view.byteLength < RIFF_HEADER_BYTES || nameAt(view, 0) !== "RIFF") return layout;
  for (let at = RIFF_HEADER_BYTES; at + CHUNK_HEADER_BYTES <= view.byteLength;) {
    const name = nameAt(view, at);
    const start = at + CHUNK_HEADER_BYTES;
    const end = start + view.getUint32(at + 4, true);
    if (name === "data") return { ...layout, end: Math.min(sizeBytes, end) };
    if (name === "fmt ") readFormat(view, start, end, layout);
    else if (end - start >= WORTH_SKIPPING_BYTES) layout.skipped.push({ start, end });
    at = end + (end & 1);
  }
  return layout;
}
