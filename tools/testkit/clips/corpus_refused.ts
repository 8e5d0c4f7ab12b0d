import type { ErrorCode } from "../../../supabase/functions/_shared/errors.ts";
import { bigEndian, type Bytes, join, littleEndian, noise, type Part } from "./bytes.ts";
import { type Clip, refused } from "./clip.ts";

/** How much follows the beginning of a file that is of no use behind it, in bytes. */
const REST_BYTES = 20_000;

/** A format by what a file of it begins with; the rest is noise. */
const begins = (...parts: Part[]) => (): Bytes => {
  const beginning = join(...parts);
  return join(beginning, noise(REST_BYTES, beginning.length));
};

/** An EBML header of this document type, then a segment of unknown size (RFC 8794, RFC 9559). */
const ebml = (documentType: string) =>
  begins(
    "\x1a\x45\xdf\xa3",
    bigEndian(1, 0x80 + 19 + documentType.length),
    "\x42\x86\x81\x01\x42\xf7\x81\x01\x42\x82",
    bigEndian(1, 0x80 + documentType.length),
    documentType,
    "\x42\x87\x81\x04\x42\x85\x81\x02",
    "\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff",
  );

/** The first page of an Ogg stream with the header of its codec (RFC 3533). */
const ogg = (header: Bytes) =>
  begins(
    "OggS\0\x02",
    bigEndian(8, 0),
    littleEndian(4, 1),
    bigEndian(8, 0),
    "\x01",
    bigEndian(1, header.length),
    header,
  );

/** AAC in frames of its own: 24 kHz, mono (ISO/IEC 13818-7). */
function adts(): Bytes {
  const length = 200;
  const header = Uint8Array.of(
    0xff,
    0xf1,
    0x58,
    0x40 | length >> 11,
    length >> 3 & 255,
    (length & 7) << 5 | 31,
    0xfc,
  );
  const frame = join(header, noise(length - header.length, 7));
  return join(...Array.from({ length: 100 }, () => frame));
}

/** Packets of 188 bytes with a program table (ISO/IEC 13818-1). */
function transportStream(): Bytes {
  return join(
    ...Array.from(
      { length: 100 },
      (_, index) =>
        join(Uint8Array.of(0x47, index === 0 ? 0x40 : 0x41, 0, 0x10 | index % 16), noise(184, index)),
    ),
  );
}

const streamInfo = join(
  bigEndian(2, 4096, 4096),
  bigEndian(6, 0),
  "\x05\xdc\x00\xf0\x00\x03\xa9\x80",
  noise(16),
);
const opusHead = join("OpusHead\x01\x01", littleEndian(2, 312), littleEndian(4, 48_000), "\0\0\0");
const vorbisHead = join(
  "\x01vorbis",
  bigEndian(4, 0),
  "\x01",
  littleEndian(4, 24_000),
  bigEndian(12, 0),
  "\xb8\x01",
);

const FILES: [name: string, code: ErrorCode, bytes: () => Bytes][] = [
  ["webm", "reference_type_unsupported", ebml("webm")],
  ["matroska", "reference_type_unsupported", ebml("matroska")],
  ["ogg-opus", "reference_type_unsupported", ogg(opusHead)],
  ["ogg-vorbis", "reference_type_unsupported", ogg(vorbisHead)],
  ["flac", "reference_type_unsupported", begins("fLaC\x80\0\0\x22", streamInfo)],
  [
    "aiff",
    "reference_type_unsupported",
    begins("FORM", bigEndian(4, REST_BYTES), "AIFFCOMM", bigEndian(4, 18)),
  ],
  [
    "aifc",
    "reference_type_unsupported",
    begins("FORM", bigEndian(4, REST_BYTES), "AIFCFVER", bigEndian(4, 4)),
  ],
  ["amr", "reference_type_unsupported", begins("#!AMR\n\x3c")],
  ["amr-wb", "reference_type_unsupported", begins("#!AMR-WB\n\x44")],
  ["caf", "reference_type_unsupported", begins("caff\0\x01\0\0desc", bigEndian(8, 32))],
  ["adts", "reference_type_unsupported", adts],
  [
    "wma",
    "reference_type_unsupported",
    begins("\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"),
  ],
  ["mpeg-ts", "reference_type_unsupported", transportStream],
  ["au", "reference_type_unsupported", begins(".snd", bigEndian(4, 24, REST_BYTES, 3, 24_000, 1))],
  ["midi", "reference_type_unsupported", begins("MThd", bigEndian(4, 6), bigEndian(2, 1, 1, 480), "MTrk")],
  ["avi", "reference_type_unsupported", begins("RIFF", littleEndian(4, REST_BYTES), "AVI LIST")],
  [
    "html",
    "reference_unreadable",
    () => join("<!DOCTYPE html>\n<html><head><title>Not found</title></head></html>\n"),
  ],
  ["json", "reference_unreadable", () => join('{"error":"not_found","message":"Object not found"}')],
  [
    "text",
    "reference_unreadable",
    () => join("Hello, and thank you for trying voice cloning.\n".repeat(200)),
  ],
  [
    "png",
    "reference_unreadable",
    begins("\x89PNG\r\n\x1a\n", bigEndian(4, 13), "IHDR", bigEndian(4, 640, 480)),
  ],
  ["jpeg", "reference_unreadable", begins("\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01")],
  ["zip", "reference_unreadable", begins("PK\x03\x04\x14\0\0\0\x08\0")],
  ["pdf", "reference_unreadable", begins("%PDF-1.7\n")],
  ["noise", "reference_unreadable", () => noise(50_000)],
  ["more-noise", "reference_unreadable", () => noise(200_000, 2)],
  ["zeros", "reference_unreadable", () => new Uint8Array(50_000)],
  ["ones", "reference_unreadable", () => new Uint8Array(50_000).fill(0xff)],
  ["one-byte", "reference_unreadable", () => new Uint8Array(1)],
  ["empty", "reference_empty", () => new Uint8Array(0)],
];

/** Files that are no clip of the three formats, uploaded as one. */
export const REFUSED_FILES: Clip[] = FILES.map(([name, code, bytes]) =>
  refused(`not-${name}.wav`, bytes, "audio/wav", code)
);
