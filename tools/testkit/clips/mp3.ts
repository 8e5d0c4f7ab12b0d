import { bigEndian, type Bytes, join, littleEndian, type Part } from "./bytes.ts";

/** Sample rates in hertz by MPEG version, in the order of the header's two bits (ISO/IEC 11172-3, 13818-3; 2.5 is Fraunhofer's). */
const VERSIONS = [
  { bits: 3, rates: [44_100, 48_000, 32_000], samplesPerFrame: 1152 },
  { bits: 2, rates: [22_050, 24_000, 16_000], samplesPerFrame: 576 },
  { bits: 0, rates: [11_025, 12_000, 8_000], samplesPerFrame: 576 },
];
/** Layer III bit rates in kbit/s, in the order of the header's four bits. */
const BIT_RATES_1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const BIT_RATES_2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

export type Mp3Mode = "stereo" | "joint" | "mono";
const MODES = ["stereo", "joint", "dual", "mono"];

export type Mp3Options = {
  sampleRate?: number;
  mode?: Mp3Mode;
  /** In place of `frames`; rounded to whole frames. */
  seconds?: number;
  frames?: number;
  /** Bit rates in kbit/s, frame by frame and round again; one alone is a constant rate. */
  bitRates?: number[];
  /** The frame before the audio that tells how much of it there is. */
  summary?: "Xing" | "Info" | "VBRI";
  /** What the summary tells in place of the truth. */
  statedFrames?: number;
  /** Tags and whatever else stands before the first frame or after the last. */
  before?: Part[];
  after?: Part[];
  /** What stands between two frames, by the number of the frame that follows. */
  between?: Record<number, Part>;
};

type FrameFormat = { sampleRate: number; mode: Mp3Mode; bitRate: number; padded?: boolean };

function versionOf(sampleRate: number) {
  const version = VERSIONS.find(({ rates }) => rates.includes(sampleRate));
  if (!version) throw new RangeError(`no MP3 has a sample rate of ${sampleRate}`);
  return version;
}

/** The samples of one frame at this sample rate, in each channel. */
export function samplesPerFrame(sampleRate: number): number {
  return versionOf(sampleRate).samplesPerFrame;
}

function sideInformationBytes({ sampleRate, mode }: { sampleRate: number; mode: Mp3Mode }): number {
  const [mono, stereo] = versionOf(sampleRate).bits === 3 ? [17, 32] : [9, 17];
  return mode === "mono" ? mono : stereo;
}

/** One frame. Left empty, its side information of zeros stands for silence. */
function frame(format: FrameFormat, content?: { at: number; bytes: Bytes }): Bytes {
  const { sampleRate, mode, bitRate, padded = false } = format;
  const version = versionOf(sampleRate);
  const rateIndex = (version.bits === 3 ? BIT_RATES_1 : BIT_RATES_2).indexOf(bitRate);
  if (rateIndex < 1) throw new RangeError(`no MP3 of ${sampleRate} Hz has a bit rate of ${bitRate}`);
  const size = Math.floor(version.samplesPerFrame / 8 * bitRate * 1000 / sampleRate) + Number(padded);
  const bytes = new Uint8Array(size);
  bytes.set([
    0xff,
    0xe0 | version.bits << 3 | 1 << 1 | 1,
    rateIndex << 4 | version.rates.indexOf(sampleRate) << 2 | Number(padded) << 1,
    MODES.indexOf(mode) << 6,
  ]);
  if (content) bytes.set(content.bytes, content.at);
  return bytes;
}

/** The frame that tells how many frames and bytes follow, and where to find each hundredth of the time. */
function summaryFrame(
  kind: "Xing" | "Info" | "VBRI",
  format: Omit<FrameFormat, "bitRate">,
  told: { frames: number; bytes: number },
): Bytes {
  const quality = 57;
  const content = kind === "VBRI"
    ? join(kind, bigEndian(2, 1, 0, quality), bigEndian(4, told.bytes, told.frames), bigEndian(2, 0, 1, 2, 1))
    : join(
      kind,
      bigEndian(4, 15, told.frames, told.bytes),
      Uint8Array.from({ length: 100 }, (_, part) => part * 256 / 100),
      bigEndian(4, quality),
    );
  const at = 4 + (kind === "VBRI" ? 32 : sideInformationBytes(format));
  const rates = versionOf(format.sampleRate).bits === 3 ? BIT_RATES_1 : BIT_RATES_2;
  const bitRate = rates.slice(1).find((rate) =>
    Math.floor(samplesPerFrame(format.sampleRate) / 8 * rate * 1000 / format.sampleRate) >=
      at + content.length
  );
  return frame({ ...format, bitRate: bitRate ?? 0 }, { at, bytes: content });
}

/** An MP3 clip of silence: unless told otherwise ten seconds, 24 kHz, mono, 64 kbit/s, without tags or summary. */
export function mp3(options: Mp3Options = {}): Bytes {
  const { sampleRate = 24_000, mode = "mono", bitRates = [64], between = {} } = options;
  const perFrame = samplesPerFrame(sampleRate);
  const count = options.frames ?? Math.round((options.seconds ?? 10) * sampleRate / perFrame);

  let owed = 0;
  const frames = Array.from({ length: count }, (_, index) => {
    const bitRate = bitRates[index % bitRates.length] ?? 0;
    owed += perFrame / 8 * bitRate * 1000 % sampleRate;
    const padded = owed >= sampleRate;
    if (padded) owed -= sampleRate;
    return join(between[index] ?? "", frame({ sampleRate, mode, bitRate, padded }));
  });
  const audio = join(...frames);
  const summary = options.summary
    ? summaryFrame(options.summary, { sampleRate, mode }, {
      frames: options.statedFrames ?? count,
      bytes: audio.length,
    })
    : "";
  return join(...(options.before ?? []), summary, audio, ...(options.after ?? []));
}

export type Id3Options = {
  /** Bytes of the whole tag with its header. */
  size: number;
  /** Bytes of a picture inside, as phones and music shops add it; the rest is a title and padding. */
  picture?: Bytes;
  /** Every 0xFF of the content is followed by a zero, so that nothing in it looks like a frame. */
  unsynchronised?: boolean;
  version?: 3 | 4;
  /** Repeats the header at the end, which only version 4 knows; the ten bytes are part of `size`. */
  footer?: boolean;
};

function id3Frame(version: number, name: string, content: Part): Bytes {
  const bytes = join(content);
  return join(name, version === 4 ? sevenBits(bytes.length) : bigEndian(4, bytes.length), "\0\0", bytes);
}

/** 28 bits of a size in four bytes of which the highest bit is never set. */
function sevenBits(size: number): Bytes {
  return Uint8Array.of(size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127);
}

/** An ID3v2 tag of exactly `size` bytes. */
export function id3v2(options: Id3Options): Bytes {
  const { size, picture, unsynchronised = false, version = 3, footer = false } = options;
  const plain = join(
    id3Frame(version, "TIT2", "\0A short recording"),
    picture ? id3Frame(version, "APIC", join("\0image/jpeg\0\x03\0", picture)) : "",
  );
  const content = unsynchronised
    ? Uint8Array.from([...plain].flatMap((byte) => byte === 0xff ? [0xff, 0] : [byte]))
    : plain;
  const room = size - 10 - (footer ? 10 : 0);
  if (content.length > room) throw new RangeError(`the tag needs ${content.length - room} bytes more`);
  const flags = (unsynchronised ? 0x80 : 0) | (footer ? 0x10 : 0);
  const header = join(Uint8Array.of(version, 0, flags), sevenBits(room));
  return join(
    "ID3",
    header,
    content,
    new Uint8Array(room - content.length),
    ...(footer ? ["3DI", header] : []),
  );
}

/** An ID3v1 tag, the last 128 bytes of many MP3 files. */
export function id3v1(): Bytes {
  return join("TAG", "A short recording".padEnd(124, "\0"), "\xff");
}

/** An APEv2 tag with a picture in it, as some taggers put it behind the audio. */
export function apev2(picture: Bytes): Bytes {
  const item = join(littleEndian(4, picture.length), littleEndian(4, 2), "Cover Art (Front)\0", picture);
  const edge = (flags: number) =>
    join(
      "APETAGEX",
      littleEndian(4, 2000),
      littleEndian(4, item.length + 32),
      littleEndian(4, 1),
      littleEndian(4, flags),
      "\0".repeat(8),
    );
  return join(edge(0xa0000000), item, edge(0x80000000));
}

/** A Lyrics3v2 tag, which karaoke players put between the audio and an ID3v1 tag. */
export function lyrics3(): Bytes {
  const content = "LYRICSBEGININD0000200LYR00100" + "a".repeat(100);
  return join(content, String(content.length).padStart(6, "0"), "LYRICS200");
}
