/** How far into a file frames are looked for, in bytes; ffmpeg looks as far. */
const farthest = 1_048_576;
/** So many frames, each right behind the one before it and alike, are no chance. */
const framesInARow = 4;

/** Layer III bit rates in kbit/s, and sample rates in hertz, by the header's bits (ISO/IEC 11172-3 and 13818-3, 2.4.2.3). */
const bitRates1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const bitRates2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const versions = new Map([
  [3, { bitRates: bitRates1, sampleRates: [44_100, 48_000, 32_000], slots: 144 }],
  [2, { bitRates: bitRates2, sampleRates: [22_050, 24_000, 16_000], slots: 72 }],
  [0, { bitRates: bitRates2, sampleRates: [11_025, 12_000, 8_000], slots: 72 }],
]);
const layer3 = 1;
const mono = 3;

/** What frames of one file have in common, and how long this one is in bytes. */
interface Frame {
  readonly version: number;
  readonly sampleRate: number;
  readonly isMono: boolean;
  readonly bytes: number;
}

function frameAt(bytes: Uint8Array, at: number): Frame | undefined {
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes.subarray(at, at + 4);
  if (first !== 0xff || (second & 0xe0) !== 0xe0 || (second >> 1 & 3) !== layer3) return undefined;
  const version = second >> 3 & 3;
  const { bitRates, sampleRates, slots } = versions.get(version) ?? {};
  const bitRate = bitRates?.[third >> 4];
  const sampleRate = sampleRates?.[third >> 2 & 3];
  if (!bitRate || !sampleRate || !slots) return undefined;
  const size = Math.floor(slots * bitRate * 1_000 / sampleRate) + (third >> 1 & 1);
  return { version, sampleRate, isMono: fourth >> 6 === mono, bytes: size };
}

function isRowAt(bytes: Uint8Array, start: number): boolean {
  const first = frameAt(bytes, start);
  let frame = first;
  for (let at = start, count = 1; frame && count < framesInARow; count++) {
    at += frame.bytes;
    frame = frameAt(bytes, at);
    if (frame?.version !== first?.version || frame?.sampleRate !== first?.sampleRate) return false;
    if (frame?.isMono !== first?.isMono) return false;
  }
  return frame !== undefined;
}

/**
 * Whether a decoder finds frames of an MP3, wherever they begin in the first megabyte: a recording that was cut, or the
 * middle of a stream, begins inside a frame.
 */
export function holdsMp3Frames(bytes: Uint8Array): boolean {
  const end = Math.min(bytes.length, farthest);
  for (let at = bytes.indexOf(0xff); at >= 0 && at < end; at = bytes.indexOf(0xff, at + 1)) {
    if (isRowAt(bytes, at)) return true;
  }
  return false;
}
