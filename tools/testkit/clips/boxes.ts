import { bigEndian, type Bytes, join, type Part } from "./bytes.ts";

/** One box of an ISO base media file (ISO/IEC 14496-12). */
export function box(name: string, ...content: Part[]): Bytes {
  const bytes = join(...content);
  return join(bigEndian(4, bytes.length + 8), name, bytes);
}

/** A box whose size is told in 64 bits, `size` bytes in all with its header where that is not the truth. */
export function wideBox(name: string, content: Bytes, size = content.length + 16): Bytes {
  return join(bigEndian(4, 1), name, bigEndian(8, size), content);
}

/** A box that begins with a version and flags. */
export function fullBox(name: string, version: number, flags: number, ...content: Part[]): Bytes {
  return box(name, bigEndian(1, version), bigEndian(3, flags), ...content);
}

/** The first box: the major brand, and the brands it may be read as. */
export function fileType(major: string, compatible: string[]): Bytes {
  return box("ftyp", major, bigEndian(4, 0), ...compatible);
}

/** A table of rows of 32-bit numbers behind their count; `statedCount` is told in place of the truth. */
export function table(name: string, rows: number[][], statedCount = rows.length): Bytes {
  return fullBox(name, 0, 0, bigEndian(4, statedCount, ...rows.flat()));
}

/** A picture inside `moov`, where iTunes and phones put it. */
export function coverArt(picture: Bytes): Bytes {
  const handler = fullBox("hdlr", 0, 0, bigEndian(4, 0), "mdirappl", bigEndian(4, 0, 0), "\0");
  const picked = box("covr", box("data", bigEndian(4, 13, 0), picture));
  return box("udta", fullBox("meta", 0, 0, handler, box("ilst", picked)));
}
