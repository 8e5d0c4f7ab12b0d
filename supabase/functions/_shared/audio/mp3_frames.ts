import { id3Bytes } from "./id3.ts";
import type { ReadBytes } from "./ranged_reader.ts";

/** How far after the tags to search for frames, in bytes: as far as ffmpeg probes a file. */
const MOST_JUNK_BYTES = 1_048_576;
const WINDOW_BYTES = 65_536;
const HEADER_BYTES = 4;
/** The longest Layer III frame: 320 kbit/s at 32 kHz, padded. */
const LONGEST_FRAME_BYTES = 1_441;
/** This many adjacent frames are not a coincidence. */
const FRAMES_IN_A_ROW = 4;
const ROW_BYTES = (FRAMES_IN_A_ROW - 1) * LONGEST_FRAME_BYTES + HEADER_BYTES;

/** Layer III bit rates in kbit/s, of MPEG-1 and MPEG-2 (ISO/IEC 11172-3, 2.4.2.3; 13818-3, 2.4.2.3). */
const BIT_RATES_1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const BIT_RATES_2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
/** Sample rates of MPEG-1 in hertz. MPEG-2 has half of them, MPEG-2.5 a quarter. */
const SAMPLE_RATES = [44_100, 48_000, 32_000];
const MPEG_1 = 3;
const MPEG_2 = 2;
const RESERVED_VERSION = 1;
const LAYER_3 = 1;
const MONO = 3;
const SYNC = 0xff;

/** The properties that adjacent frames share, and the length of this one. */
type Frame = { kind: string; bytes: number };

function frameAt(bytes: Uint8Array, at: number): Frame | null {
  const [sync = 0, second = 0, third = 0, fourth = 0] = bytes.subarray(at, at + HEADER_BYTES);
  if (sync !== SYNC || (second & 0xe0) !== 0xe0) return null;
  const version = second >> 3 & 3;
  const bitRate = (version === MPEG_1 ? BIT_RATES_1 : BIT_RATES_2)[third >> 4];
  const fullRate = SAMPLE_RATES[third >> 2 & 3];
  if (version === RESERVED_VERSION || (second >> 1 & 3) !== LAYER_3 || !bitRate || !fullRate) return null;
  const sampleRate = fullRate / (version === MPEG_1 ? 1 : version === MPEG_2 ? 2 : 4);
  const slots = (version === MPEG_1 ? 144 : 72) * bitRate * 1000 / sampleRate;
  return {
    kind: `${version} ${sampleRate} ${fourth >> 6 === MONO}`,
    bytes: Math.floor(slots) + (third >> 1 & 1),
  };
}

function isRowAt(bytes: Uint8Array, at: number): boolean {
  const first = frameAt(bytes, at);
  let frame = first;
  for (let count = 1; frame !== null && count < FRAMES_IN_A_ROW; count++) {
    at += frame.bytes;
    frame = frameAt(bytes, at);
    if (frame?.kind !== first?.kind) return false;
  }
  return frame !== null;
}

/** The start of an MP3's frames, after uncounted padding, remains of pictures and further tags; null if there are none. */
export async function findFrames(read: ReadBytes, from: number, end: number): Promise<number | null> {
  let last = from + MOST_JUNK_BYTES;
  for (let at = from; at < Math.min(last, end);) {
    const window = await read(at, Math.min(at + WINDOW_BYTES + ROW_BYTES, end));
    let place = 0;
    while (place < Math.min(WINDOW_BYTES, window.length)) {
      if (window[place] === SYNC && isRowAt(window, place)) return at + place;
      const tag = id3Bytes(window, place);
      last += tag;
      place += tag || 1;
    }
    at += place;
  }
  return null;
}
