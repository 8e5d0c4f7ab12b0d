import { type ReadBytes, viewOf } from "./ranged_reader.ts";
import { codecRefused, unreadable } from "./refused_formats.ts";

/** Header lengths (Microsoft and IBM, "Multimedia Programming Interface", RIFF). */
const RIFF_HEADER_BYTES = 12;
/** The number of bytes that `isWav` needs. */
export const WAV_NAMES_BYTES = RIFF_HEADER_BYTES;
const CHUNK_HEADER_BYTES = 8;
/** The shortest `fmt ` chunk, and the longest that is read. */
const SHORTEST_FORMAT_BYTES = 16;
const LONGEST_FORMAT_BYTES = 40;
/** More than any writer puts before `data`. */
const MOST_CHUNKS = 100;
/** Replaces a size that does not fit, or that the recorder did not know. */
const UNKNOWN_SIZE = 0xffffffff;

/** Format tags (RFC 2361); with `EXTENSIBLE`, the tag follows later (Microsoft, WAVEFORMATEXTENSIBLE). */
const PCM = 0x0001;
const KINDS: Readonly<Record<number, string>> = { 0x0003: "float", 0x0006: "A-law", 0x0007: "µ-law" };
const EXTENSIBLE = 0xfffe;
const EXTENDED_TAG_AT = 24;
/** Per channel. Headers often have wrong block sizes and byte rates, which PCM decoders ignore. */
const SAMPLE_BYTES = 2;

type Format = { sampleRate: number; channels: number };
type WavSound = Format & { durationSeconds: number };

function formatOf(view: DataView): Format {
  if (view.byteLength < SHORTEST_FORMAT_BYTES) throw unreadable();
  const first = view.getUint16(0, true);
  if (first === EXTENSIBLE && view.byteLength < EXTENDED_TAG_AT + 2) throw unreadable();
  const tag = first === EXTENSIBLE ? view.getUint16(EXTENDED_TAG_AT, true) : first;
  const [channels, bits] = [view.getUint16(2, true), view.getUint16(14, true)];
  if (tag !== PCM || bits !== 16) {
    const kind = tag === PCM ? `${bits}-bit` : KINDS[tag] ?? "compressed";
    throw codecRefused(`This WAV holds ${kind} samples; save it with 16 bits, or upload MP3 or M4A.`);
  }
  return { sampleRate: view.getUint32(4, true), channels };
}

/** Whether these bytes start a WAV: RIFF, or RF64 with 64-bit sizes. */
export function isWav(bytes: Uint8Array): boolean {
  const text = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));
  return text(8) === "WAVE" && (text(0) === "RIFF" || text(0) === "RF64");
}

/**
 * Reads the chunks of a WAV (RIFF or RF64) up to `data`. If that is cut short or its size is unknown, its bytes count.
 * @param start of the WAV in the file: a tag may precede it
 * @throws {ApiError} reference_unreadable, reference_type_unsupported
 * @throws the errors of `read`
 */
export async function readWav(read: ReadBytes, sizeBytes: number, start: number): Promise<WavSound> {
  let format: Format | null = null;
  let largeSize: number | null = null;
  let at = start + RIFF_HEADER_BYTES;
  for (let count = 0; count < MOST_CHUNKS && at + CHUNK_HEADER_BYTES <= sizeBytes; count++) {
    const header = await read(at, at + CHUNK_HEADER_BYTES);
    const name = String.fromCharCode(...header.subarray(0, 4));
    const stated = viewOf(header).getUint32(4, true);
    const inside = at + CHUNK_HEADER_BYTES;
    const content = (most: number) => read(inside, Math.min(inside + Math.min(stated, most), sizeBytes));
    if (name === "fmt ") format = formatOf(viewOf(await content(LONGEST_FORMAT_BYTES)));
    if (name === "ds64") {
      const sizes = viewOf(await content(16));
      if (sizes.byteLength === 16) largeSize = Number(sizes.getBigUint64(8, true));
    }
    if (name === "data") {
      if (format === null) throw unreadable();
      const rest = sizeBytes - inside;
      const size = stated === UNKNOWN_SIZE && largeSize !== null ? largeSize : stated;
      // A recorder that never updated its header leaves 0.
      const bytes = size === 0 ? rest : Math.min(size, rest);
      const { sampleRate, channels } = format;
      const samples = Math.floor(bytes / (SAMPLE_BYTES * channels));
      return { sampleRate, channels, durationSeconds: samples / sampleRate };
    }
    at = inside + stated + (stated & 1);
  }
  throw unreadable();
}
