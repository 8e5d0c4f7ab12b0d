import { type Bytes, join, le32, type Part, u16, u32, u8, zeros } from "./binary.ts";

/** MPEG versions: sample rates in hertz and bit rates in kbit/s of Layer III, in the order of the header's bits (ISO/IEC 11172-3, 13818-3; 2.5 is Fraunhofer's). */
const MPEG_1 = {
  samplesPerFrame: 1152,
  bitRates: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
};
const MPEG_2 = {
  samplesPerFrame: 576,
  bitRates: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};
const VERSIONS = [
  { bits: 3, rates: [44_100, 48_000, 32_000], sideBytes: { mono: 17, other: 32 }, ...MPEG_1 },
  { bits: 2, rates: [22_050, 24_000, 16_000], sideBytes: { mono: 9, other: 17 }, ...MPEG_2 },
  { bits: 0, rates: [11_025, 12_000, 8_000], sideBytes: { mono: 9, other: 17 }, ...MPEG_2 },
];
const MODES = ["stereo", "joint", "dual", "mono"] as const;

type FrameFormat = { sampleRate: number; mode: typeof MODES[number] };
type Summary = "Xing" | "Info" | "VBRI";

export type Mp3Options = Partial<FrameFormat> & {
  /** In place of `frames`; rounded to whole frames. */
  seconds?: number;
  frames?: number;
  /** Bit rates in kbit/s, frame by frame and round again; one alone is a constant rate. */
  bitRates?: number[];
  /** The frame before the audio that says how much of it there is. */
  summary?: Summary;
  /** What the summary says instead of the truth. */
  statedFrames?: number;
  /** Tags and whatever else stands before the first frame or after the last. */
  before?: Part[];
  after?: Part[];
  /** What stands between two frames, by the number of the frame that follows. */
  between?: Record<number, Part>;
};

function versionOf(sampleRate: number) {
  const version = VERSIONS.find(({ rates }) => rates.includes(sampleRate));
  if (!version) throw new RangeError(`no MP3 has a sample rate of ${sampleRate}`);
  return version;
}

export const samplesPerFrame = (sampleRate: number): number => versionOf(sampleRate).samplesPerFrame;

const frameBytes = (sampleRate: number, bitRate: number) =>
  Math.floor(samplesPerFrame(sampleRate) / 8 * bitRate * 1000 / sampleRate);

/** One frame. Left empty, its side information of zeros stands for silence. */
function frame({ sampleRate, mode }: FrameFormat, bitRate: number, padded = false): Bytes {
  const { bits, rates, bitRates } = versionOf(sampleRate);
  const rateIndex = bitRates.indexOf(bitRate);
  if (rateIndex < 1) throw new RangeError(`no MP3 of ${sampleRate} Hz has a bit rate of ${bitRate}`);
  const bytes = zeros(frameBytes(sampleRate, bitRate) + Number(padded));
  bytes.set([
    0xff,
    0xe0 | bits << 3 | 1 << 1 | 1,
    rateIndex << 4 | rates.indexOf(sampleRate) << 2 | Number(padded) << 1,
    MODES.indexOf(mode) << 6,
  ]);
  return bytes;
}

/** The frame that says how many frames and bytes follow, and where each hundredth of the time begins. */
function summaryFrame(kind: Summary, format: FrameFormat, frames: number, bytes: number): Bytes {
  const quality = 57;
  const hundredths = Uint8Array.from({ length: 100 }, (_, part) => part * 256 / 100);
  const content = kind === "VBRI"
    ? join(kind, u16(1, 0, quality), u32(bytes, frames), u16(0, 1, 2, 1))
    : join(kind, u32(15, frames, bytes), hundredths, u32(quality));
  const { sideBytes, bitRates } = versionOf(format.sampleRate);
  const at = 4 + (kind === "VBRI" ? 32 : format.mode === "mono" ? sideBytes.mono : sideBytes.other);
  const bitRate = bitRates.find((rate) => frameBytes(format.sampleRate, rate) >= at + content.length);
  const summary = frame(format, bitRate ?? 0);
  summary.set(content, at);
  return summary;
}

/** An MP3 clip of silence: by default ten seconds, 24 kHz, mono, 64 kbit/s, without tags or summary. */
export function mp3(options: Mp3Options = {}): Bytes {
  const { sampleRate = 24_000, mode = "mono", bitRates = [64], between = {}, summary } = options;
  const { before = [], after = [] } = options;
  const perFrame = samplesPerFrame(sampleRate);
  const count = options.frames ?? Math.round((options.seconds ?? 10) * sampleRate / perFrame);

  let owed = 0;
  const frames = Array.from({ length: count }, (_, index) => {
    const bitRate = bitRates[index % bitRates.length] ?? 0;
    owed += perFrame / 8 * bitRate * 1000 % sampleRate;
    const padded = owed >= sampleRate;
    if (padded) owed -= sampleRate;
    return join(between[index] ?? "", frame({ sampleRate, mode }, bitRate, padded));
  });
  const audio = join(...frames);
  const first = summary
    ? summaryFrame(summary, { sampleRate, mode }, options.statedFrames ?? count, audio.length)
    : "";
  return join(...before, first, audio, ...after);
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
  return join(name, version === 4 ? sevenBits(bytes.length) : u32(bytes.length), "\0\0", bytes);
}

/** 28 bits of a size in four bytes of which the highest bit is never set. */
const sevenBits = (size: number) => u8(size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127);

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
  const header = join(u8(version, 0, (unsynchronised ? 0x80 : 0) | (footer ? 0x10 : 0)), sevenBits(room));
  return join("ID3", header, content, zeros(room - content.length), ...(footer ? ["3DI", header] : []));
}

export const id3v1 = (): Bytes => join("TAG", "A short recording".padEnd(124, "\0"), "\xff");

/** An APEv2 tag with a picture in it, as some taggers put it behind the audio. */
export function apev2(picture: Bytes): Bytes {
  const item = join(le32(picture.length, 2), "Cover Art (Front)\0", picture);
  const edge = (flags: number) => join("APETAGEX", le32(2000, item.length + 32, 1, flags), zeros(8));
  return join(edge(0xa0000000), item, edge(0x80000000));
}

/** A Lyrics3v2 tag, which karaoke players put between the audio and an ID3v1 tag. */
export function lyrics3(): Bytes {
  const content = "LYRICSBEGININD0000200LYR00100" + "a".repeat(100);
  return join(content, String(content.length).padStart(6, "0"), "LYRICS200");
}
