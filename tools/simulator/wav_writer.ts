import type { Bytes } from "../../supabase/functions/_shared/bytes.ts";

const headerBytes = 44;

/** A WAV file of 16-bit mono samples; `sampleRate` in hertz. */
export function encodeWav(samples: Int16Array, sampleRate: number): Bytes {
  const size = samples.length * 2;
  const bytes = new Uint8Array(headerBytes + size);
  const view = new DataView(bytes.buffer);
  const write = (offset: number, text: string) => bytes.set(new TextEncoder().encode(text), offset);
  write(0, "RIFF");
  view.setUint32(4, 36 + size, true);
  write(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  write(36, "data");
  view.setUint32(40, size, true);
  samples.forEach((sample, index) => view.setInt16(headerBytes + index * 2, sample, true));
  return bytes;
}
