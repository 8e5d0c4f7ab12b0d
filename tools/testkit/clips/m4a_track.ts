import { box, fullBox } from "./boxes.ts";
import { bigEndian, type Bytes, join, type Part } from "./bytes.ts";

export type M4aCodec = "aac" | "opus" | "alac" | "amr";
export type AudioFormat = {
  codec: M4aCodec;
  sampleRate: number;
  channels: number;
  /** What the sample entry says where it is not what the codec's own configuration says: 2 channels, for QuickTime. */
  entry?: { sampleRate: number; channels: number };
  /** AAC's own configuration, in place of the plain one for low complexity. */
  audioConfig?: Bytes;
};

/** How many samples of each channel one packet of the codec holds. */
export const SAMPLES_PER_PACKET = { aac: 1024, opus: 960, alac: 4096, amr: 160 };

/** The sample rates in hertz that an AAC configuration names by number; any other is written out (ISO/IEC 14496-3, 1.6.3.4). */
const AAC_RATES = [
  96_000,
  88_200,
  64_000,
  48_000,
  44_100,
  32_000,
  24_000,
  22_050,
  16_000,
  12_000,
  11_025,
  8_000,
];

/** Numbers of so many bits each, packed from the highest bit and filled up with zeros. */
export function packBits(...fields: [value: number, bits: number][]): Bytes {
  const digits = fields.map(([value, bits]) => value.toString(2).padStart(bits, "0")).join("");
  return Uint8Array.from(digits.match(/.{1,8}/g) ?? [], (byte) => parseInt(byte.padEnd(8, "0"), 2));
}

function aacRate(sampleRate: number): [number, number][] {
  const index = AAC_RATES.indexOf(sampleRate);
  return index === -1 ? [[15, 4], [sampleRate, 24]] : [[index, 4]];
}

/** The configuration of AAC of low complexity. */
export function aacConfig(sampleRate: number, channels: number): Bytes {
  return packBits([2, 5], ...aacRate(sampleRate), [channels, 4], [0, 3]);
}

/**
 * The configuration of high-efficiency AAC, whose core runs at half the sample rate that is heard; with `parametric`
 * one channel of it is heard as two.
 */
export function heAacConfig(sampleRate: number, parametric: boolean): Bytes {
  const core = aacRate(sampleRate / 2);
  return packBits([parametric ? 29 : 5, 5], ...core, [1, 4], ...aacRate(sampleRate), [2, 5], [0, 3]);
}

function descriptor(tag: number, ...content: Part[]): Bytes {
  const bytes = join(...content);
  return join(bigEndian(1, tag), Uint8Array.of(0x80, 0x80, 0x80, bytes.length), bytes);
}

function codecBox({ codec, sampleRate, channels, audioConfig }: AudioFormat): Bytes {
  switch (codec) {
    case "aac": {
      const config = descriptor(5, audioConfig ?? aacConfig(sampleRate, channels));
      const decoder = descriptor(
        4,
        Uint8Array.of(0x40, 0x15),
        bigEndian(3, 0),
        bigEndian(4, 64_000, 64_000),
        config,
      );
      return fullBox("esds", 0, 0, descriptor(3, bigEndian(2, 0), "\0", decoder, descriptor(6, "\x02")));
    }
    case "opus":
      return box("dOps", Uint8Array.of(0, channels), bigEndian(2, 312), bigEndian(4, sampleRate), "\0\0\0");
    case "alac": {
      const limits = Uint8Array.of(0, 16, 40, 10, 14, channels);
      return fullBox(
        "alac",
        0,
        0,
        bigEndian(4, 4096),
        limits,
        bigEndian(2, 255),
        bigEndian(4, 0, 0, sampleRate),
      );
    }
    case "amr":
      return box("damr", "\0\0\0\0\0", bigEndian(2, 0x81ff), "\0\x01");
  }
}

const ENTRY_NAMES = { aac: "mp4a", opus: "Opus", alac: "alac", amr: "samr" };

/** The box `stsd` of an audio track. */
export function audioDescription(format: AudioFormat): Bytes {
  const { sampleRate, channels } = format.entry ?? format;
  const entry = box(
    ENTRY_NAMES[format.codec],
    bigEndian(6, 0),
    bigEndian(2, 1),
    bigEndian(4, 0, 0),
    bigEndian(2, channels, 16, 0, 0, sampleRate > 0xffff ? 0 : sampleRate, 0),
    codecBox(format),
  );
  return described(entry);
}

type BitField = [value: number, bits: number];
/** Whether there is a mixdown in mono, in stereo and by a matrix, and which. */
const MIXDOWNS: BitField[] = [[1, 1], [3, 4], [1, 1], [5, 4], [1, 1], [2, 3]];
const NO_MIXDOWNS: BitField[] = [[0, 1], [0, 1], [0, 1]];
const CORE_CODER: BitField[] = [[0, 1], [1, 1], [0, 14], [0, 1]];
const NO_CORE_CODER: BitField[] = [[0, 3]];

/**
 * A configuration that tells its channels in a program config element (ISO/IEC 14496-3, 4.4.1.1), as converters write it
 * for whatever has no number.
 * @param elements in front of the listener, `pair` being two channels; `low` counts channels for low frequencies alone
 */
export function programConfig(
  sampleRate: number,
  elements: ("single" | "pair")[],
  { low = 0, mixdowns = false, objectType = 2, coreCoder = false }: {
    low?: number;
    mixdowns?: boolean;
    objectType?: 2 | 5;
    coreCoder?: boolean;
  } = {},
): Bytes {
  const heard: BitField[] = [...aacRate(sampleRate), [2, 5]];
  const [rateIndex = [0, 4]] = aacRate(objectType === 5 ? sampleRate / 2 : sampleRate);
  return packBits(
    [objectType, 5],
    rateIndex,
    [0, 4],
    ...(objectType === 5 ? heard : []),
    // No short frames, a core coder with its delay or none, no extension.
    ...(coreCoder ? CORE_CODER : NO_CORE_CODER),
    [0, 4],
    [1, 2],
    rateIndex,
    [elements.length, 4],
    [0, 4],
    [0, 4],
    [low, 2],
    [0, 3],
    [0, 4],
    ...(mixdowns ? MIXDOWNS : NO_MIXDOWNS),
    ...elements.map((element): BitField => [element === "pair" ? 16 : 0, 5]),
    ...Array.from({ length: low }, (): BitField => [0, 4]),
    [0, 7],
    [0, 8],
  );
}

/** The box `stsd` of a video track of JPEG pictures, as covers and pictures of chapters are. */
export function pictureDescription(): Bytes {
  return visual("jpeg", new Uint8Array());
}

/** The box `stsd` of a video track of H.264. */
export function videoDescription(): Bytes {
  return visual("avc1", box("avcC", Uint8Array.of(1, 66, 0, 30, 255, 224, 0)));
}

function visual(name: string, config: Bytes): Bytes {
  return described(
    box(
      name,
      bigEndian(6, 0),
      bigEndian(2, 1),
      bigEndian(4, 0, 0, 0, 0),
      bigEndian(2, 320, 240),
      bigEndian(4, 0x480000, 0x480000, 0),
      bigEndian(2, 1),
      "\0".repeat(32),
      bigEndian(2, 24, 0xffff),
      config,
    ),
  );
}

function described(entry: Bytes): Bytes {
  return fullBox("stsd", 0, 0, bigEndian(4, 1), entry);
}

const MATRIX = bigEndian(4, 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);

/** The box `mvhd`. Durations are in units of the timescale. */
export function movieHeader(timescale: number, duration: number, tracks: number): Bytes {
  return fullBox(
    "mvhd",
    0,
    0,
    bigEndian(4, 0, 0, timescale, duration, 0x10000),
    bigEndian(2, 0x100, 0),
    bigEndian(4, 0, 0),
    MATRIX,
    bigEndian(4, 0, 0, 0, 0, 0, 0, tracks + 1),
  );
}

export type Track = {
  id: number;
  kind: "soun" | "vide";
  /** The track of its chapters, where there is one. */
  chapters?: number;
  /** Units in one second. */
  timescale: number;
  /** In units of the timescale; 0 where the fragments tell it. */
  duration: number;
  /** The box `edts`, where there is one. */
  edits?: Bytes;
  /** The boxes of `stbl`, the description first. */
  samples: Bytes[];
};

/** The box `trak`. */
export function trackBox({ id, kind, chapters, timescale, duration, edits, samples }: Track): Bytes {
  const header = fullBox(
    "tkhd",
    0,
    3,
    bigEndian(4, 0, 0, id, 0, duration, 0, 0),
    bigEndian(2, 0, 0, kind === "soun" ? 0x100 : 0, 0),
    MATRIX,
    bigEndian(4, kind === "vide" ? 320 << 16 : 0, kind === "vide" ? 240 << 16 : 0),
  );
  const media = box(
    "mdia",
    fullBox("mdhd", 0, 0, bigEndian(4, 0, 0, timescale, duration), bigEndian(2, 0x55c4, 0)),
    fullBox("hdlr", 0, 0, bigEndian(4, 0), kind, bigEndian(4, 0, 0, 0), "Handler\0"),
    box(
      "minf",
      kind === "soun" ? fullBox("smhd", 0, 0, bigEndian(4, 0)) : fullBox("vmhd", 0, 1, bigEndian(4, 0, 0)),
      box("dinf", fullBox("dref", 0, 0, bigEndian(4, 1), fullBox("url ", 0, 1))),
      box("stbl", ...samples),
    ),
  );
  const references = chapters === undefined ? "" : box("tref", box("chap", bigEndian(4, chapters)));
  return box("trak", header, edits ?? "", references, media);
}
