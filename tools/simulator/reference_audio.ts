import { id3Bytes } from "../../supabase/functions/_shared/audio/id3.ts";
import { findFrames } from "../../supabase/functions/_shared/audio/mp3_frames.ts";
import { DashScopeError } from "./dashscope_errors.ts";

const minimumSampleRate = 24_000;
const maximumSeconds = 60;
/** Format tags of WAV: PCM, float, and the extensible one. */
const uncompressed = [1, 3, 0xfffe];
/** The loudest silence, of 32,768: a thousandth of full scale, where recorders' own noise lies. */
const silentLevel = 32;

/**
 * Throws DashScope's error for a clip that is no WAV, MP3 or M4A, or a WAV below 24 kHz, over 60 s or silent. Of MP3 and
 * M4A only the signature and frames are checked; an MP3 may begin inside a frame.
 */
export async function checkReferenceAudio(bytes: Uint8Array): Promise<void> {
  const untagged = bytes.subarray(id3Bytes(bytes));
  if (isWav(untagged)) return checkWav(untagged);
  if (isMp3(bytes) || textAt(bytes, 4, 4) === "ftyp") return;
  const read = (start: number, end: number) => Promise.resolve(bytes.subarray(start, end));
  if (textAt(bytes, 0, 4) === "RIFF" || await findFrames(read, 0, bytes.length) === null) {
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
      // The stated byte rate of uncompressed samples is often wrong, and decoders ignore it.
      bytesPerSecond = uncompressed.includes(view.getUint16(body, true))
        ? sampleRate * view.getUint16(body + 2, true) * Math.ceil(bits / 8)
        : view.getUint32(body + 8, true);
    }
    if (chunk === "data" && bytesPerSecond > 0) {
      // A streamed WAV has 0 or 0xFFFFFFFF as its size.
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

/** An ID3v2 tag, or, after zeros, the sync word of a frame whose layer is not "reserved", which is what ADTS uses. */
function isMp3(bytes: Uint8Array): boolean {
  if (textAt(bytes, 0, 3) === "ID3") return true;
  const start = bytes.findIndex((byte) => byte !== 0);
  const [first = 0, second = 0] = bytes.subarray(Math.max(0, start));
  return first === 0xff && (second & 0xe0) === 0xe0 && (second & 0x06) !== 0;
}
