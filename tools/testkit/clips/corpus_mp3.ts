import { bigEndian, join, noise } from "./bytes.ts";
import { type Clip, type Expected, readable, refused } from "./clip.ts";
import {
  apev2,
  type Id3Options,
  id3v1,
  id3v2,
  lyrics3,
  mp3,
  type Mp3Options,
  samplesPerFrame,
} from "./mp3.ts";

const AUDIO = { contentType: "audio/mpeg", container: "mp3", codec: "mp3" } as const;
/** Ten seconds in whole frames of 24 ms. */
const TEN_SECONDS = 417 * 0.024;

const taken = (name: string, options: Mp3Options, expected?: Expected) =>
  readable(`mp3-${name}.mp3`, () => mp3(options), AUDIO, { durationSeconds: TEN_SECONDS, ...expected });
const tagged = (name: string, options: Id3Options, expected?: Expected) =>
  readable(`mp3-${name}.mp3`, () => mp3({ before: [id3v2(options)] }), AUDIO, {
    durationSeconds: TEN_SECONDS,
    ...expected,
  });
const unreadable = (name: string, bytes: Clip["bytes"]) =>
  refused(`mp3-${name}.mp3`, bytes, AUDIO.contentType, "reference_unreadable");

/** A clip of ten seconds at another sample rate, with a bit rate that it may have. */
const atRate = (sampleRate: number, bitRate: number, code?: Expected["code"]) => {
  const frames = Math.round(10 * sampleRate / samplesPerFrame(sampleRate));
  return taken(`${sampleRate / 1000}khz`, { sampleRate, bitRates: [bitRate], frames }, {
    sampleRate,
    durationSeconds: frames * samplesPerFrame(sampleRate) / sampleRate,
    code,
  });
};
const VARIABLE = [32, 64, 160, 48];

/** MP3 clips: each rule from both sides, every MPEG version, and what stands around and between frames. */
export const MP3_CLIPS: Clip[] = [
  taken("plain", {}),
  taken("3.000s", { frames: 125 }, { durationSeconds: 3 }),
  taken("just-below-3s", { frames: 124 }, { durationSeconds: 2.976, code: "reference_too_short" }),
  taken("60.000s", { frames: 2500 }, { durationSeconds: 60 }),
  taken("60.000s-with-tags", {
    frames: 2500,
    summary: "Info",
    before: [id3v2({ size: 500 })],
    after: [id3v1()],
  }, { durationSeconds: 60 }),
  taken("60s-with-an-encoders-delay", { frames: 2502 }, { durationSeconds: 60.048 }),
  taken("just-above-60s", { frames: 2505 }, { durationSeconds: 60.12, code: "reference_too_long" }),
  taken("120s", { frames: 5000 }, { durationSeconds: 120, code: "reference_too_long" }),
  taken("300s", { frames: 12_500, bitRates: [32] }, { durationSeconds: 300, code: "reference_too_long" }),

  atRate(8_000, 16, "reference_sample_rate_too_low"),
  atRate(11_025, 16, "reference_sample_rate_too_low"),
  atRate(12_000, 24, "reference_sample_rate_too_low"),
  atRate(16_000, 32, "reference_sample_rate_too_low"),
  atRate(22_050, 64, "reference_sample_rate_too_low"),
  atRate(32_000, 64),
  atRate(44_100, 128),
  atRate(48_000, 320),
  taken("stereo", { mode: "stereo" }, { channels: 2, code: "reference_not_mono" }),
  taken("joint-stereo", { mode: "joint" }, { channels: 2, code: "reference_not_mono" }),
  readable(
    "mp3-9999999-bytes.mp3",
    () => {
      const clip = mp3();
      return join(id3v2({ size: 9_999_999 - clip.length, picture: noise(1_000) }), clip);
    },
    AUDIO,
    { durationSeconds: TEN_SECONDS },
  ),
  readable(
    "mp3-10000000-bytes.mp3",
    () => {
      const clip = mp3();
      return join(id3v2({ size: 10_000_000 - clip.length, picture: noise(1_000) }), clip);
    },
    AUDIO,
    { durationSeconds: TEN_SECONDS, code: "reference_too_large" },
  ),

  taken("constant-info", { summary: "Info" }),
  taken("variable", { bitRates: VARIABLE }),
  taken("variable-xing", { bitRates: VARIABLE, summary: "Xing" }),
  taken("variable-stereo-xing", { bitRates: VARIABLE, summary: "Xing", mode: "joint" }, {
    channels: 2,
    code: "reference_not_mono",
  }),
  // Its summary may be taken for one more frame of silence.
  taken("variable-vbri", { bitRates: VARIABLE, summary: "VBRI" }, { toleranceSeconds: 0.025 }),
  taken("44.1khz-xing", { sampleRate: 44_100, bitRates: [128, 64, 192], summary: "Xing", frames: 383 }, {
    sampleRate: 44_100,
    durationSeconds: 383 * 1152 / 44_100,
  }),
  taken("promises-more", { summary: "Xing", statedFrames: 4_170 }),
  taken("promises-4-billion-frames", { summary: "Xing", statedFrames: 0xffffffff }),
  taken("promises-nothing", { summary: "Info", statedFrames: 0 }),
  taken("promises-less-than-its-90s", { frames: 3750, summary: "Xing", statedFrames: 417 }, {
    durationSeconds: 90,
    code: "reference_too_long",
  }),
  readable(
    "mp3-cut-short.mp3",
    () => {
      const clip = mp3({ summary: "Xing", bitRates: VARIABLE });
      return clip.slice(0, Math.floor(clip.length / 2));
    },
    AUDIO,
    { durationSeconds: 5, toleranceSeconds: 0.05 },
  ),

  tagged("tag", { size: 2_000 }),
  tagged("tag-version-4-with-footer", { size: 2_000, version: 4, footer: true }),
  tagged("tag-of-70kb", { size: 70_000, picture: noise(60_000) }),
  tagged("tag-unsynchronised", { size: 90_000, picture: noise(60_000), unsynchronised: true }),
  tagged("tag-of-1.2mb", { size: 1_200_000, picture: noise(1_100_000) }),
  taken("two-tags", {
    before: [id3v2({ size: 3_000 }), id3v2({ size: 80_000, version: 4, picture: noise(70_000) })],
  }),
  taken("old-tag", { after: [id3v1()] }),
  taken("picture-at-the-end", { after: [apev2(noise(3_000)), id3v1()] }),
  taken("zeros-first", { before: [new Uint8Array(2_000)] }),
  ...[4_096, 65_436, 70_000, 1_000_000].flatMap((zeros) => [
    taken(`${zeros}-zeros-first`, { before: [new Uint8Array(zeros)] }),
    taken(`${zeros}-zeros-behind-its-tag`, {
      before: [id3v2({ size: 300 }), new Uint8Array(zeros)],
      summary: "Info",
    }),
  ]),
  // A tagger that says less of its padding, or of its picture, than there is.
  taken("rest-of-a-picture-behind-its-tag", { before: [id3v2({ size: 300 }), noise(20_000, 5)] }),
  taken("spaces-behind-its-tag", { before: [id3v2({ size: 300 }), " ".repeat(5_000)] }),
  taken("ones-behind-its-tag", { before: [id3v2({ size: 300 }), "\xff".repeat(5_000)] }),
  taken("zeros-between-tags", {
    before: [id3v2({ size: 300 }), new Uint8Array(6_000), id3v2({ size: 70_000, picture: noise(60_000, 6) })],
  }),
  taken("tag-with-footer-and-zeros", {
    before: [id3v2({ size: 2_000, version: 4, footer: true }), new Uint8Array(8_192)],
  }),
  readable(
    "mp3-tag-reaches-into-the-frames.mp3",
    // 8,192 bytes are told, and 4,106 there: the rest is half of a second of frames.
    () => join("ID3\x03\0\0\0\0\x40\0", new Uint8Array(4_096), mp3()),
    AUDIO,
    { durationSeconds: TEN_SECONDS - 0.528, toleranceSeconds: 0.025 },
  ),
  taken("size-of-its-tag-in-eight-bits", {
    before: ["ID3\x03\0\0", bigEndian(4, 5_000), new Uint8Array(5_000)],
  }),
  taken("tag-without-a-size", { before: ["ID3\x03\0\0\xff\xff\xff\xff", new Uint8Array(5_000)] }),
  taken("zeros-and-a-tag-of-1.2mb", {
    frames: 200,
    before: [
      id3v2({ size: 300 }),
      new Uint8Array(5_000),
      id3v2({ size: 1_200_000, picture: noise(1_100_000) }),
    ],
  }, { durationSeconds: 4.8 }),
  taken("lyrics-at-the-end", { after: [apev2(noise(3_000)), lyrics3(), id3v1()] }),
  taken("tag-at-the-end", { after: [id3v2({ size: 5_000, version: 4, footer: true })] }),
  taken("picture-between-two-halves", {
    between: { 200: id3v2({ size: 70_000, picture: noise(60_000, 7) }) },
  }, { toleranceSeconds: 0.1 }),
  taken("noise-between-frames", { between: { 100: noise(300, 3), 200: noise(1_000, 4) } }, {
    toleranceSeconds: 0.1,
  }),

  unreadable("too-many-zeros-first", () => mp3({ before: [new Uint8Array(1_200_000)] })),
  unreadable("frames-far-apart", () => {
    const frame = mp3({ frames: 1 });
    return join(...Array.from({ length: 100 }, () => join(new Uint8Array(5_000), frame)));
  }),
  unreadable("tag-alone", () => id3v2({ size: 50_000, picture: noise(40_000) })),
  unreadable("tag-larger-than-the-file", () => join(id3v2({ size: 900_000 }).slice(0, 10), mp3())),
  unreadable("one-frame-cut", () => mp3({ frames: 1 }).slice(0, 100)),
];
