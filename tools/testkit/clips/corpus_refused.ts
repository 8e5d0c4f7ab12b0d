import { type Bytes, join, le16, le32, noise, repeat, u16, u32, u64, u8, zeros } from "./binary.ts";
import { type Clip, refusedAs } from "./corpus_clip.ts";

/** How much follows the beginning of a file that is of no use behind it, in bytes. */
const REST_BYTES = 20_000;

/** A format by what a file of it begins with; the rest is noise. */
const begins = (...parts: Parameters<typeof join>) => (): Bytes => {
  const beginning = join(...parts);
  return join(beginning, noise(REST_BYTES, beginning.length));
};

/** An EBML header of this document type, then a segment of unknown size (RFC 8794, RFC 9559). */
const ebml = (documentType: string) =>
  begins(
    "\x1a\x45\xdf\xa3",
    u8(0x80 + 19 + documentType.length),
    "\x42\x86\x81\x01\x42\xf7\x81\x01\x42\x82",
    u8(0x80 + documentType.length),
    documentType,
    "\x42\x87\x81\x04\x42\x85\x81\x02",
    "\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff",
  );

/** The first page of an Ogg stream with the header of its codec (RFC 3533). */
const ogg = (header: Bytes) =>
  begins("OggS\0\x02", zeros(8), le32(1), zeros(8), "\x01", u8(header.length), header);

/** AAC in frames of its own: 24 kHz, mono (ISO/IEC 13818-7). */
function adts(): Bytes {
  const length = 200;
  const header = u8(0xff, 0xf1, 0x58, 0x40 | length >> 11, length >> 3 & 255, (length & 7) << 5 | 31, 0xfc);
  return repeat(join(header, noise(length - header.length, 7)), 100);
}

/** Packets of 188 bytes with a program table (ISO/IEC 13818-1). */
const transportStream = (): Bytes =>
  join(
    ...Array.from({ length: 100 }, (_, index) =>
      join(u8(0x47, index === 0 ? 0x40 : 0x41, 0, 0x10 | index % 16), noise(184, index))),
  );

const streamInfo = join(u16(4096, 4096), zeros(6), "\x05\xdc\x00\xf0\x00\x03\xa9\x80", noise(16));
const opusHead = join("OpusHead\x01\x01", le16(312), le32(48_000), "\0\0\0");
const vorbisHead = join("\x01vorbis", zeros(4), "\x01", le32(24_000), zeros(12), "\xb8\x01");

const unsupported = refusedAs("wav", "reference_type_unsupported", "not");
const unreadable = refusedAs("wav", "reference_unreadable", "not");

/** Files of none of the three formats, uploaded as a WAV. */
export const REFUSED_FILES: Clip[] = [
  unsupported("webm", ebml("webm")),
  unsupported("matroska", ebml("matroska")),
  unsupported("ogg-opus", ogg(opusHead)),
  unsupported("ogg-vorbis", ogg(vorbisHead)),
  unsupported("flac", begins("fLaC\x80\0\0\x22", streamInfo)),
  unsupported("aiff", begins("FORM", u32(REST_BYTES), "AIFFCOMM", u32(18))),
  unsupported("aifc", begins("FORM", u32(REST_BYTES), "AIFCFVER", u32(4))),
  unsupported("amr", begins("#!AMR\n\x3c")),
  unsupported("amr-wb", begins("#!AMR-WB\n\x44")),
  unsupported("caf", begins("caff\0\x01\0\0desc", u64(32))),
  unsupported("adts", adts),
  unsupported("wma", begins("\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c")),
  unsupported("mpeg-ts", transportStream),
  unsupported("au", begins(".snd", u32(24, REST_BYTES, 3, 24_000, 1))),
  unsupported("midi", begins("MThd", u32(6), u16(1, 1, 480), "MTrk")),
  unsupported("avi", begins("RIFF", le32(REST_BYTES), "AVI LIST")),
  unreadable("html", () => join("<!DOCTYPE html>\n<html><head><title>Not found</title></head></html>\n")),
  unreadable("json", () => join('{"error":"not_found","message":"Object not found"}')),
  unreadable("text", () => repeat("Hello, and thank you for trying voice cloning.\n", 200)),
  unreadable("png", begins("\x89PNG\r\n\x1a\n", u32(13), "IHDR", u32(640, 480))),
  unreadable("jpeg", begins("\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01")),
  unreadable("zip", begins("PK\x03\x04\x14\0\0\0\x08\0")),
  unreadable("pdf", begins("%PDF-1.7\n")),
  unreadable("noise", () => noise(50_000)),
  unreadable("more-noise", () => noise(200_000, 2)),
  unreadable("zeros", () => zeros(50_000)),
  unreadable("ones", () => zeros(50_000).fill(0xff)),
  unreadable("one-byte", () => zeros(1)),
  refusedAs("wav", "reference_empty", "not")("empty", () => zeros(0)),
];
