import type { Span } from "./ranged_reader.ts";

/** What the beginning of a clip tells of where things lie in it. */
export type ClipLayout = {
  /** Where the sound ends, and with it what is worth reading. */
  end: number;
  /** Titles and cover art, which may be larger than the sound. */
  skipped: Span[];
  /** The file is shorter than it says itself. */
  isCutShort: boolean;
};

/** The lengths of box and chunk headers, in bytes (ISO/IEC 14496-12, 4.2; RIFF, "Multimedia Programming Interface"). */
const BOX_HEADER_BYTES = 8;
const LARGE_BOX_HEADER_BYTES = 16;
const CHUNK_HEADER_BYTES = 8;
const RIFF_HEADER_BYTES = 12;

const nameAt = (view: DataView, at: number) =>
  String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));

/** Where the chunk `data` of a WAV ends: chunks after it hold tags. Null when its header is not among the first bytes. */
function endOfWavData(view: DataView): number | null {
  if (view.byteLength < RIFF_HEADER_BYTES || nameAt(view, 0) !== "RIFF") return null;
  for (let at = RIFF_HEADER_BYTES; at + CHUNK_HEADER_BYTES <= view.byteLength;) {
    const size = view.getUint32(at + 4, true);
    if (nameAt(view, at) === "data") return at + CHUNK_HEADER_BYTES + size;
    at += CHUNK_HEADER_BYTES + size + (size & 1);
  }
  return null;
}

/** The boxes of an MP4 from `from` to `to` whose headers are among the first bytes. */
function* boxes(view: DataView, from: number, to: number) {
  for (let at = from; at + LARGE_BOX_HEADER_BYTES <= Math.min(view.byteLength, to);) {
    const short = view.getUint32(at);
    const size = short === 0 ? to - at : short === 1 ? Number(view.getBigUint64(at + 8)) : short;
    if (size < BOX_HEADER_BYTES) return;
    yield { name: nameAt(view, at + 4), start: at, end: at + size };
    at += size;
  }
}

function layoutOfMp4(view: DataView, sizeBytes: number): ClipLayout {
  const skipped: Span[] = [];
  for (const box of boxes(view, 0, sizeBytes)) {
    if (box.end > sizeBytes) return { end: sizeBytes, skipped, isCutShort: true };
    if (box.name !== "moov") continue;
    for (const inner of boxes(view, box.start + BOX_HEADER_BYTES, box.end)) {
      if ((inner.name === "udta" || inner.name === "meta") && inner.end <= box.end) {
        skipped.push({ start: inner.start + BOX_HEADER_BYTES, end: inner.end });
      }
    }
  }
  return { end: sizeBytes, skipped, isCutShort: false };
}

/** Reads the layout off the first bytes; of a format that is neither WAV nor MP4 they tell none. */
export function layoutOf(firstBytes: Uint8Array, sizeBytes: number): ClipLayout {
  const view = new DataView(firstBytes.buffer, firstBytes.byteOffset, firstBytes.byteLength);
  if (view.byteLength >= LARGE_BOX_HEADER_BYTES && nameAt(view, 4) === "ftyp") {
    return layoutOfMp4(view, sizeBytes);
  }
  return { end: Math.min(sizeBytes, endOfWavData(view) ?? sizeBytes), skipped: [], isCutShort: false };
}
