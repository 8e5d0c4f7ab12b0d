import { id3Bytes } from "../../supabase/functions/_shared/audio/id3.ts";
import { DashScopeError } from "./errors.ts";
import { holdsMp3Frames } from "./mp3_frames.ts";

const minimumSampleRate = 24_000;
const maximumSeconds = 60;
/** Format tags of WAV: PCM, float, and the one of which the rest is told further on. */
const uncompressed = [1, 3, 0xfffe];
/** What counts as silence at most, of 32,768: a thousandth of full scale, where recorders' own noise lies. */
const silentLevel = 32;

/**
 * Refuses what DashScope refuses in a reference clip, as far as a header tells: bytes that are no WAV, MP3 or M4A
 * (`Audio.DecoderError`), a WAV below 24 kHz (`Audio.AudioRateError`), over 60 s (`Audio.DurationLimitError`) or, of 16
 * bits, without sound (`Audio.PreprocessError`, which is what enrollment's pages name for it), with or without a tag in
 * front of it. MP3 and M4A are known by their signature and frames only; an MP3 may begin inside a frame.
 */
export function checkAudio(bytes: Uint8Array): void {
  const untagged = bytes.subarray(id3Bytes(bytes));
  if (isWav(untagged)) return checkWav(untagged);
  if (isMp3(bytes) || textAt(bytes, 4, 4) === "ftyp") return;
  if (textAt(bytes, 0, 4) === "RIFF" || !holdsMp3Frames(bytes)) {
    throw new DashScopeError("Audio.DecoderError");
  }
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

function isSilent(samples: Uint8Array): boolean {
  const view = new DataView(samples.buffer, samples.byteOffset, samples.byteLength);
  for (let at = 0; at + 2 <= view.byteLength; at += 2) {
    if (Math.abs(view.getInt16(at, true)) > silentLevel) return false;
  }
  return true;
}

function textAt(bytes: Uint8Array, start: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + length));
}

/** An ID3v2 tag, or, behind zeros at most, the eleven set bits of a frame with a layer other than "reserved", which is what ADTS uses. */
function isMp3(bytes: Uint8Array): boolean {
  if (textAt(bytes, 0, 3) === "ID3") return true;
  const start = bytes.findIndex((byte) => byte !== 0);
  const [first = 0, second = 0] = bytes.subarray(Math.max(0, start));
  return first === 0xff && (second & 0xe0) === 0xe0 && (second & 0x06) !== 0;
}

function readWav(
  bytes: Uint8Array,
): { sampleRate: number; seconds: number; bits: number; samples: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let sampleRate = 0;
  let bytesPerSecond = 0;
  let bits = 0;
  let offset = 12;
  while (offset + 8 <= bytes.length) {
    const chunk = textAt(bytes, offset, 4);
    const size = view.getUint32(offset + 4, true);
    const body = offset + 8;
    if (chunk === "fmt " && body + 16 <= bytes.length) {
      sampleRate = view.getUint32(body + 4, true);
      // Of samples as they are, what the header tells of a second is often wrong, and decoders do not heed it.
      bytesPerSecond = uncompressed.includes(view.getUint16(body, true))
        ? sampleRate * view.getUint16(body + 2, true) * Math.ceil(view.getUint16(body + 14, true) / 8)
        : view.getUint32(body + 8, true);
      bits = view.getUint16(body + 14, true);
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
