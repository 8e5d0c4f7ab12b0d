import { type Bytes, join, type Part, u16, u24, u32, u64, u8, zeros } from "./binary.ts";

/** One box of an ISO base media file (ISO/IEC 14496-12). */
export function box(name: string, ...content: Part[]): Bytes {
  const bytes = join(...content);
  return join(u32(bytes.length + 8), name, bytes);
}

/** A box with a 64-bit size; `size` replaces the true one, header included. */
export function wideBox(name: string, content: Bytes, size = content.length + 16): Bytes {
  return join(u32(1), name, u64(size), content);
}

/** A box that begins with a version and flags. */
export function fullBox(name: string, version: number, flags: number, ...content: Part[]): Bytes {
  return box(name, u8(version), u24(flags), ...content);
}

/** The first box: the major brand, and the brands it may be read as. */
export function fileType(major: string, compatible: string[]): Bytes {
  return box("ftyp", major, u32(0), ...compatible);
}

/** A table of rows of 32-bit numbers behind their count; `statedCount` replaces the true one. */
export function table(name: string, rows: number[][], statedCount = rows.length): Bytes {
  return fullBox(name, 0, 0, u32(statedCount, ...rows.flat()));
}

/** The table `stsz`: one size for all samples, or 0 and the size of each. */
export function sampleSizes(size: number, sizes: number[], statedCount = sizes.length): Bytes {
  return fullBox("stsz", 0, 0, u32(size, statedCount, ...sizes));
}

/** A picture inside `moov`, where iTunes and phones put it. */
export function coverArt(picture: Bytes): Bytes {
  const handler = fullBox("hdlr", 0, 0, u32(0), "mdirappl", u32(0, 0), "\0");
  const picked = box("covr", box("data", u32(13, 0), picture));
  return box("udta", fullBox("meta", 0, 0, handler, box("ilst", picked)));
}

export type AudioFormat = {
  codec: "aac" | "opus" | "alac" | "amr";
  sampleRate: number;
  channels: number;
  /** What the sample entry says where it differs from the codec's own configuration: 2 channels, for QuickTime. */
  entry?: { sampleRate: number; channels: number };
  /** AAC's own configuration, in place of the plain one for low complexity. */
  audioConfig?: Bytes;
};

/** How many samples of each channel one packet of the codec holds. */
export const SAMPLES_PER_PACKET = { aac: 1024, opus: 960, alac: 4096, amr: 160 };

type BitField = [value: number, bits: number];

/** Numbers of so many bits each, packed from the highest bit and filled up with zeros. */
export function packBits(...fields: BitField[]): Bytes {
  const digits = fields.map(([value, bits]) => value.toString(2).padStart(bits, "0")).join("");
  return Uint8Array.from(digits.match(/.{1,8}/g) ?? [], (byte) => parseInt(byte.padEnd(8, "0"), 2));
}

/** The sample rates in hertz that an AAC configuration numbers; it spells out any other (ISO/IEC 14496-3, 1.6.3.4). */
const AAC_RATES = [96, 88.2, 64, 48, 44.1, 32, 24, 22.05, 16, 12, 11.025, 8].map((kilohertz) =>
  kilohertz * 1_000
);

function aacRate(sampleRate: number): BitField[] {
  const index = AAC_RATES.indexOf(sampleRate);
  return index === -1 ? [[15, 4], [sampleRate, 24]] : [[index, 4]];
}

/** The configuration of AAC of low complexity. */
const aacConfig = (sampleRate: number, channels: number): Bytes =>
  packBits([2, 5], ...aacRate(sampleRate), [channels, 4], [0, 3]);

/**
 * The configuration of high-efficiency AAC, whose core runs at half the sample rate that is heard; with `parametric`
 * one channel of it is heard as two.
 */
export function heAacConfig(sampleRate: number, parametric: boolean): Bytes {
  const core = aacRate(sampleRate / 2);
  return packBits([parametric ? 29 : 5, 5], ...core, [1, 4], ...aacRate(sampleRate), [2, 5], [0, 3]);
}

/** Whether there is a mixdown in mono, in stereo and by a matrix, and which. */
const MIXDOWNS: BitField[] = [[1, 1], [3, 4], [1, 1], [5, 4], [1, 1], [2, 3]];
/** No short frames, a core coder with its delay, no extension. */
const CORE_CODER: BitField[] = [[0, 1], [1, 1], [0, 14], [0, 1]];

/**
 * A configuration with its channels in a program config element (ISO/IEC 14496-3, 4.4.1.1), as converters write it for
 * layouts without a number.
 * @param elements in front of the listener, `pair` being two channels; `low` counts channels for low frequencies alone
 */
export function programConfig(
  sampleRate: number,
  elements: ("single" | "pair")[],
  options: { low?: number; mixdowns?: boolean; objectType?: 2 | 5; coreCoder?: boolean } = {},
): Bytes {
  const { low = 0, mixdowns = false, objectType = 2, coreCoder = false } = options;
  const [rateIndex = [0, 4]] = aacRate(objectType === 5 ? sampleRate / 2 : sampleRate);
  const heard: BitField[] = objectType === 5 ? [...aacRate(sampleRate), [2, 5]] : [];
  return packBits(
    ...[[objectType, 5], rateIndex, [0, 4], ...heard] satisfies BitField[],
    ...(coreCoder ? CORE_CODER : [[0, 3]] satisfies BitField[]),
    ...[[0, 4], [1, 2], rateIndex] satisfies BitField[],
    ...[[elements.length, 4], [0, 4], [0, 4], [low, 2], [0, 3], [0, 4]] satisfies BitField[],
    ...(mixdowns ? MIXDOWNS : [[0, 3]] satisfies BitField[]),
    ...elements.map((element): BitField => [element === "pair" ? 16 : 0, 5]),
    ...Array.from({ length: low }, (): BitField => [0, 4]),
    [0, 15],
  );
}

function descriptor(tag: number, ...content: Part[]): Bytes {
  const bytes = join(...content);
  return join(u8(tag, 0x80, 0x80, 0x80, bytes.length), bytes);
}

function codecBox({ codec, sampleRate, channels, audioConfig }: AudioFormat): Bytes {
  switch (codec) {
    case "aac": {
      const config = descriptor(5, audioConfig ?? aacConfig(sampleRate, channels));
      const decoder = descriptor(4, u8(0x40, 0x15), zeros(3), u32(64_000, 64_000), config);
      return fullBox("esds", 0, 0, descriptor(3, zeros(3), decoder, descriptor(6, "\x02")));
    }
    case "opus":
      return box("dOps", u8(0, channels), u16(312), u32(sampleRate), zeros(3));
    case "alac": {
      const limits = u8(0, 16, 40, 10, 14, channels);
      return fullBox("alac", 0, 0, u32(4096), limits, u16(255), u32(0, 0, sampleRate));
    }
    case "amr":
      return box("damr", zeros(5), u16(0x81ff), "\0\x01");
  }
}

const ENTRY_NAMES = { aac: "mp4a", opus: "Opus", alac: "alac", amr: "samr" };

/** The box `stsd` with one entry. */
const description = (name: string, ...content: Part[]): Bytes =>
  fullBox("stsd", 0, 0, u32(1), box(name, zeros(6), u16(1), ...content));

export function audioDescription(format: AudioFormat): Bytes {
  const { sampleRate, channels } = format.entry ?? format;
  const entry = u16(channels, 16, 0, 0, sampleRate > 0xffff ? 0 : sampleRate, 0);
  return description(ENTRY_NAMES[format.codec], zeros(8), entry, codecBox(format));
}

const visual = (name: string, ...config: Bytes[]): Bytes =>
  description(
    name,
    zeros(16),
    u16(320, 240),
    u32(0x480000, 0x480000, 0),
    u16(1),
    zeros(32),
    u16(24, 0xffff),
    ...config,
  );

/** The box `stsd` of a video track of JPEG pictures, as covers and pictures of chapters are. */
export const pictureDescription = (): Bytes => visual("jpeg");

/** The box `stsd` of a video track of H.264. */
export const videoDescription = (): Bytes => visual("avc1", box("avcC", u8(1, 66, 0, 30, 255, 224, 0)));

const MATRIX = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);

export function movieHeader(timescale: number, duration: number, tracks: number): Bytes {
  const times = u32(0, 0, timescale, duration, 0x10000);
  return fullBox("mvhd", 0, 0, times, u16(0x100, 0), zeros(8), MATRIX, zeros(24), u32(tracks + 1));
}

export type Track = {
  id: number;
  kind: "soun" | "vide";
  /** The track of its chapters, where there is one. */
  chapters?: number;
  /** Units in one second. */
  timescale: number;
  /** In units of the timescale; 0 where the fragments have it. */
  duration: number;
  /** The box `edts`, where there is one. */
  edits?: Bytes;
  /** The boxes of `stbl`, the description first. */
  samples: Bytes[];
};

export function trackBox({ id, kind, chapters, timescale, duration, edits, samples }: Track): Bytes {
  const isSound = kind === "soun";
  const size = isSound ? u32(0, 0) : u32(320 << 16, 240 << 16);
  return box(
    "trak",
    fullBox("tkhd", 0, 3, u32(0, 0, id, 0, duration, 0, 0), u16(0, 0, isSound ? 0x100 : 0, 0), MATRIX, size),
    edits ?? "",
    chapters === undefined ? "" : box("tref", box("chap", u32(chapters))),
    box(
      "mdia",
      fullBox("mdhd", 0, 0, u32(0, 0, timescale, duration), u16(0x55c4, 0)),
      fullBox("hdlr", 0, 0, u32(0), kind, zeros(12), "Handler\0"),
      box(
        "minf",
        isSound ? fullBox("smhd", 0, 0, zeros(4)) : fullBox("vmhd", 0, 1, zeros(8)),
        box("dinf", fullBox("dref", 0, 0, u32(1), fullBox("url ", 0, 1))),
        box("stbl", ...samples),
      ),
    ),
  );
}
