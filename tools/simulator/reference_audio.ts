import { id3Bytes } from "../../supabase/functions/_shared/audio/id3.ts";
import { DashScopeError } from "./dashscope_errors.ts";

const minimumSampleRate = 24_000;
const maximumSeconds = 60;
/** Format tags of WAV: PCM, float, and the extensible one. */
const uncompressed = [1, 3, 0xfffe];
/** What counts as silence at most, of 32,768: a thousandth of full scale, where recorders' own noise lies. */
const silentLevel = 32;

/**
 * Refuses what DashScope refuses in a reference clip, as far as a header shows it: bytes that are no WAV, MP3 or M4A
 * (`Audio.DecoderError`), a WAV below 24 kHz (`Audio.AudioRateError`), over 60 s (`Audio.DurationLimitError`) or, of 16
 * bits, without sound (`Audio.PreprocessError`, which is what enrollment's pages name for it), with or without a tag in
 * front of it. MP3 and M4A are known by their signature and frames only; an MP3 may begin inside a frame.
 */
export function checkReferenceAudio(bytes: Uint8Array): void {
  const untagged = bytes.subarray(id3Bytes(bytes));
  if (isWav(untagged)) return checkWav(untagged);
  if (isMp3(bytes) || textAt(bytes, 4, 4) === "ftyp") return;
  if (textAt(bytes, 0, 4) === "RIFF" || !holdsMp3Frames(bytes)) {
    throw new DashScopeError("Audio.DecoderError");
  }
}

function textAt(bytes: Uint8Array, start: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + length));
}

function isWav(bytes: Uint8Array): boolean {
  return ["RIFF", "RF64"].includes(textAt(bytes, 0, 4)) && textAt(bytes, 8, 4) === "WAVE";
}

function checkWav(bytes: Uint8Array): void {
  const { sampleRate, seconds, bits, samples } = readWav(bytes);
  if (sampleRate < minimumSampleRate) throw new DashScopeError("Audio.AudioRateError");
  if (seconds > maximumSeconds) throw new DashScopeError("Audio.DurationLimitError");
  if (bits === 16 && isSilent(samples)) {
    throw new DashScopeError("Audio.PreprocessError", { message: "Audio preprocess error: no sound." });
  }
}

function readWav(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let [sampleRate, bytesPerSecond, bits, offset] = [0, 0, 0, 12];
  while (offset + 8 <= bytes.length) {
    const chunk = textAt(bytes, offset, 4);
    const size = view.getUint32(offset + 4, true);
    const body = offset + 8;
    if (chunk === "fmt " && body + 16 <= bytes.length) {
      sampleRate = view.getUint32(body + 4, true);
      bits = view.getUint16(body + 14, true);
      // Of uncompressed samples the stated byte rate is often wrong, and decoders ignore it.
      bytesPerSecond = uncompressed.includes(view.getUint16(body, true))
        ? sampleRate * view.getUint16(body + 2, true) * Math.ceil(bits / 8)
        : view.getUint32(body + 8, true);
    }
    if (chunk === "data" && bytesPerSecond > 0) {
      // A streamed WAV leaves 0 or 0xFFFFFFFF here: what really follows is the length.
      const samples = bytes.subarray(body, body + (size || bytes.length));
      return { sampleRate, seconds: samples.length / bytesPerSecond, bits, samples };
    }
    offset = body + size + (size % 2);
  }
  throw new DashScopeError("Audio.DecoderError");
}

function isSilent(samples: Uint8Array): boolean {
  const view = new DataView(samples.buffer, samples.byteOffset, samples.byteLength);
  for (let at = 0; at + 2 <= view.byteLength; at += 2) {
    if (Math.abs(view.getInt16(at, true)) > silentLevel) return false;
  }
  return true;
}

/** An ID3v2 tag, or, behind zeros at most, the eleven set bits of a frame with a layer other than "reserved", which is what ADTS uses. */
function isMp3(bytes: Uint8Array): boolean {
  if (textAt(bytes, 0, 3) === "ID3") return true;
  const start = bytes.findIndex((byte) => byte !== 0);
  const [first = 0, second = 0] = bytes.subarray(Math.max(0, start));
  return first === 0xff && (second & 0xe0) === 0xe0 && (second & 0x06) !== 0;
}

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

/** Whether a decoder finds frames of an MP3, wherever they begin in the first megabyte: a cut begins inside a frame. */
function holdsMp3Frames(bytes: Uint8Array): boolean {
  const end = Math.min(bytes.length, farthest);
  for (let at = bytes.indexOf(0xff); at >= 0 && at < end; at = bytes.indexOf(0xff, at + 1)) {
    if (isRowAt(bytes, at)) return true;
  }
  return false;
}

function isRowAt(bytes: Uint8Array, start: number): boolean {
  const first = frameAt(bytes, start);
  let frame = first;
  for (let at = start, count = 1; frame && count < framesInARow; count++) {
    at += frame.bytes;
    frame = frameAt(bytes, at);
    if (frame?.kind !== first?.kind) return false;
  }
  return frame !== undefined;
}

/** What the frames of one file have in common, and how long this one is in bytes. */
function frameAt(bytes: Uint8Array, at: number): { kind: string; bytes: number } | undefined {
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes.subarray(at, at + 4);
  if (first !== 0xff || (second & 0xe0) !== 0xe0 || (second >> 1 & 3) !== layer3) return undefined;
  const version = second >> 3 & 3;
  const { bitRates, sampleRates, slots } = versions.get(version) ?? {};
  const bitRate = bitRates?.[third >> 4];
  const sampleRate = sampleRates?.[third >> 2 & 3];
  if (!bitRate || !sampleRate || !slots) return undefined;
  const size = Math.floor(slots * bitRate * 1_000 / sampleRate) + (third >> 1 & 1);
  return { kind: `${version} ${sampleRate} ${fourth >> 6 === mono}`, bytes: size };
}
