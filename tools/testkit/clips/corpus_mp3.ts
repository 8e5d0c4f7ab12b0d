import { join, noise, repeat, u32, zeros } from "./binary.ts";
import { type Clip, type Expected, readable, REFUSED, refusedAs } from "./corpus_clip.ts";
import { apev2, id3v1, id3v2, lyrics3, mp3, type Mp3Options, samplesPerFrame } from "./write_mp3.ts";

/** Ten seconds in whole frames of 24 ms. */
const TEN_SECONDS = 417 * 0.024;

const made = (name: string, bytes: Clip["bytes"], expected?: Expected) =>
  readable("mp3", `mp3-${name}`, bytes, { durationSeconds: TEN_SECONDS, ...expected });
/** A clip that is found to be what its options say, unless `expected` differs. */
const written = (name: string, options: Mp3Options, expected?: Expected) => {
  const { sampleRate = 24_000, mode = "mono", frames } = options;
  const durationSeconds = frames === undefined
    ? TEN_SECONDS
    : frames * samplesPerFrame(sampleRate) / sampleRate;
  const channels = mode === "mono" ? 1 : 2;
  return made(name, () => mp3(options), { sampleRate, durationSeconds, channels, ...expected });
};
const tagged = (name: string, tag: Parameters<typeof id3v2>[0]) =>
  made(name, () => mp3({ before: [id3v2(tag)] }));
const unreadable = refusedAs("mp3", "reference_unreadable", "mp3");

/** A clip of ten seconds at another sample rate, with a bit rate that it may have. */
const atRate = (sampleRate: number, bitRate: number, expected?: Expected) => {
  const frames = Math.round(10 * sampleRate / samplesPerFrame(sampleRate));
  return written(`${sampleRate / 1000}khz`, { sampleRate, bitRates: [bitRate], frames }, expected);
};
/** A clip of ten seconds brought up to this size with a tag in front. */
const ofSize = (size: number) => () => {
  const clip = mp3();
  return join(id3v2({ size: size - clip.length, picture: noise(1_000) }), clip);
};
const VARIABLE = [32, 64, 160, 48];
const tag = id3v2({ size: 300 });
const largeTag = (seed: number) => id3v2({ size: 70_000, picture: noise(60_000, seed) });

/** MP3 clips: each rule from both sides, every MPEG version, and what stands around and between frames. */
export const MP3_CLIPS: Clip[] = [
  written("plain", {}),
  written("3.000s", { frames: 125 }),
  written("just-below-3s", { frames: 124 }, REFUSED.tooShort),
  written("60.000s", { frames: 2500 }),
  written("60.000s-with-tags", {
    frames: 2500,
    summary: "Info",
    before: [id3v2({ size: 500 })],
    after: [id3v1()],
  }),
  written("60s-with-an-encoders-delay", { frames: 2502 }),
  written("just-above-60s", { frames: 2505 }, REFUSED.tooLong),
  written("120s", { frames: 5000 }, REFUSED.tooLong),
  written("300s", { frames: 12_500, bitRates: [32] }, REFUSED.tooLong),

  atRate(8_000, 16, REFUSED.rateTooLow),
  atRate(11_025, 16, REFUSED.rateTooLow),
  atRate(12_000, 24, REFUSED.rateTooLow),
  atRate(16_000, 32, REFUSED.rateTooLow),
  atRate(22_050, 64, REFUSED.rateTooLow),
  atRate(32_000, 64),
  atRate(44_100, 128),
  atRate(48_000, 320),
  written("stereo", { mode: "stereo" }, REFUSED.notMono),
  written("joint-stereo", { mode: "joint" }, REFUSED.notMono),
  made("9999999-bytes", ofSize(9_999_999)),
  made("10000000-bytes", ofSize(10_000_000), REFUSED.tooLarge),

  written("constant-info", { summary: "Info" }),
  written("variable", { bitRates: VARIABLE }),
  written("variable-xing", { bitRates: VARIABLE, summary: "Xing" }),
  written("variable-stereo-xing", { bitRates: VARIABLE, summary: "Xing", mode: "joint" }, REFUSED.notMono),
  // Its summary may be taken for one more frame of silence.
  written("variable-vbri", { bitRates: VARIABLE, summary: "VBRI" }, { toleranceSeconds: 0.025 }),
  written("44.1khz-xing", { sampleRate: 44_100, bitRates: [128, 64, 192], summary: "Xing", frames: 383 }),
  written("promises-more", { summary: "Xing", statedFrames: 4_170 }),
  written("promises-4-billion-frames", { summary: "Xing", statedFrames: 0xffffffff }),
  written("promises-nothing", { summary: "Info", statedFrames: 0 }),
  written(
    "promises-less-than-its-90s",
    { frames: 3750, summary: "Xing", statedFrames: 417 },
    REFUSED.tooLong,
  ),
  made("cut-short", () => {
    const clip = mp3({ summary: "Xing", bitRates: VARIABLE });
    return clip.slice(0, Math.floor(clip.length / 2));
  }, { durationSeconds: 5, toleranceSeconds: 0.05 }),

  tagged("tag", { size: 2_000 }),
  tagged("tag-version-4-with-footer", { size: 2_000, version: 4, footer: true }),
  tagged("tag-of-70kb", { size: 70_000, picture: noise(60_000) }),
  tagged("tag-unsynchronised", { size: 90_000, picture: noise(60_000), unsynchronised: true }),
  tagged("tag-of-1.2mb", { size: 1_200_000, picture: noise(1_100_000) }),
  written("two-tags", {
    before: [id3v2({ size: 3_000 }), id3v2({ size: 80_000, version: 4, picture: noise(70_000) })],
  }),
  written("old-tag", { after: [id3v1()] }),
  written("picture-at-the-end", { after: [apev2(noise(3_000)), id3v1()] }),
  written("zeros-first", { before: [zeros(2_000)] }),
  ...[4_096, 65_436, 70_000, 1_000_000].flatMap((count) => [
    written(`${count}-zeros-first`, { before: [zeros(count)] }),
    written(`${count}-zeros-behind-its-tag`, { before: [tag, zeros(count)], summary: "Info" }),
  ]),
  // The tagger stated less than its padding, or than its picture.
  written("rest-of-a-picture-behind-its-tag", { before: [tag, noise(20_000, 5)] }),
  written("spaces-behind-its-tag", { before: [tag, " ".repeat(5_000)] }),
  written("ones-behind-its-tag", { before: [tag, "\xff".repeat(5_000)] }),
  written("zeros-between-tags", { before: [tag, zeros(6_000), largeTag(6)] }),
  written("tag-with-footer-and-zeros", {
    before: [id3v2({ size: 2_000, version: 4, footer: true }), zeros(8_192)],
  }),
  // 8,192 bytes are stated, and 4,106 there: the rest is half of a second of frames.
  made("tag-reaches-into-the-frames", () => join("ID3\x03\0\0\0\0\x40\0", zeros(4_096), mp3()), {
    durationSeconds: TEN_SECONDS - 0.528,
    toleranceSeconds: 0.025,
  }),
  written("size-of-its-tag-in-eight-bits", { before: ["ID3\x03\0\0", u32(5_000), zeros(5_000)] }),
  written("tag-without-a-size", { before: ["ID3\x03\0\0\xff\xff\xff\xff", zeros(5_000)] }),
  written("zeros-and-a-tag-of-1.2mb", {
    frames: 200,
    before: [tag, zeros(5_000), id3v2({ size: 1_200_000, picture: noise(1_100_000) })],
  }),
  written("lyrics-at-the-end", { after: [apev2(noise(3_000)), lyrics3(), id3v1()] }),
  written("tag-at-the-end", { after: [id3v2({ size: 5_000, version: 4, footer: true })] }),
  written("picture-between-two-halves", { between: { 200: largeTag(7) } }, { toleranceSeconds: 0.1 }),
  written("noise-between-frames", { between: { 100: noise(300, 3), 200: noise(1_000, 4) } }, {
    toleranceSeconds: 0.1,
  }),

  unreadable("too-many-zeros-first", () => mp3({ before: [zeros(1_200_000)] })),
  unreadable("frames-far-apart", () => repeat(join(zeros(5_000), mp3({ frames: 1 })), 100)),
  unreadable("tag-alone", () => id3v2({ size: 50_000, picture: noise(40_000) })),
  unreadable("tag-larger-than-the-file", () => join(id3v2({ size: 900_000 }).slice(0, 10), mp3())),
  unreadable("one-frame-cut", () => mp3({ frames: 1 }).slice(0, 100)),
];
