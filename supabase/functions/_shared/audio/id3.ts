import type { ReadBytes } from "./ranged_reader.ts";

/** ID3v2 lengths (id3.org, "ID3 tag version 2.4.0", 3.1 and 3.4). */
const HEADER_BYTES = 10;
const FOOTER_BYTES = 10;
const HAS_FOOTER = 0x10;

/** The length in bytes of the ID3v2 tag at `at`; 0 if there is none. */
export function id3Bytes(bytes: Uint8Array, at = 0): number {
  if (bytes[at] !== 0x49 || bytes[at + 1] !== 0x44 || bytes[at + 2] !== 0x33) return 0;
  const [version = 0xff, revision = 0xff, flags = 0, ...size] = bytes.subarray(at + 3, at + HEADER_BYTES);
  if (version === 0xff || revision === 0xff || size.length < 4) return 0;
  // Each byte of the size holds seven bits.
  if (size.some((byte) => byte > 127)) return 0;
  const content = size.reduce((total, byte) => total << 7 | byte, 0);
  return HEADER_BYTES + content + (flags & HAS_FOOTER ? FOOTER_BYTES : 0);
}

/** The end of the ID3v2 tag at `at`, possibly beyond the end of the file; `at` if there is none. */
export async function endOfTag(read: ReadBytes, at: number, sizeBytes: number): Promise<number> {
  return at + HEADER_BYTES > sizeBytes ? at : at + id3Bytes(await read(at, at + HEADER_BYTES));
}
