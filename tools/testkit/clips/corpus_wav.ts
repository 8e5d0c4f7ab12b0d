import { bigEndian, type Bytes, join, noise } from "./bytes.ts";
import { type Clip, type Expected, readable, refused } from "./clip.ts";
import { id3v1, id3v2 } from "./mp3.ts";
import { A_LAW, chunk, IEEE_FLOAT, remarks, UNKNOWN_SIZE, wav, type WavOptions } from "./wav.ts";

const AUDIO = { contentType: "audio/wav", container: "wav", codec: "pcm-s16" } as const;
const MU_LAW = 7;
const IMA_ADPCM = 0x11;

const taken = (name: string, options: WavOptions, expected?: Expected) =>
  readable(`wav-${name}.wav`, () => wav(options), AUDIO, expected);
const tagged = (name: string, before: Bytes[], after: Bytes[] = []) =>
  readable(`wav-${name}.wav`, () => join(...before, wav(), ...after), AUDIO);
const unsupported = (name: string, options: WavOptions) =>
  refused(`wav-${name}.wav`, () => wav(options), AUDIO.contentType, "reference_type_unsupported");
const unreadable = (name: string, bytes: Clip["bytes"]) =>
  refused(`wav-${name}.wav`, bytes, AUDIO.contentType, "reference_unreadable");

/** A clip of ten seconds made up to this size with a chunk behind the data. */
const ofSize = (size: number) => () => {
  const clip = wav();
  return join(clip, chunk("JUNK", new Uint8Array(size - clip.length - 8), { padded: false }));
};

/** What a recorder says of its blocks is often wrong, or left out; of PCM, channels and width tell it. */
const misstated = [0, 1, 3, 4, 0xffff].map((statedBlockSize) =>
  taken(`block-size-${statedBlockSize}`, { statedBlockSize })
);

/** A picture in a tag in a chunk, as some taggers do it. */
const tagChunk = () => chunk("id3 ", id3v2({ size: 90_000, picture: noise(80_000) }));

/** WAV clips: each rule from both sides, and every build of the header that is met with. */
export const WAV_CLIPS: Clip[] = [
  taken("plain", {}),
  taken("3.000s", { frames: 72_000 }, { durationSeconds: 3 }),
  taken("just-below-3s", { frames: 71_999 }, {
    durationSeconds: 71_999 / 24_000,
    code: "reference_too_short",
  }),
  taken("1.4s", { seconds: 1.4 }, { durationSeconds: 1.4, code: "reference_too_short" }),
  taken("1s", { seconds: 1 }, { durationSeconds: 1, code: "reference_too_short" }),
  taken("60.000s", { seconds: 60 }, { durationSeconds: 60 }),
  taken("just-above-60s", { frames: 1_440_001 }, {
    durationSeconds: 1_440_001 / 24_000,
    code: "reference_too_long",
  }),
  taken("120s", { seconds: 120 }, { durationSeconds: 120, code: "reference_too_long" }),
  taken("8khz", { sampleRate: 8_000 }, { sampleRate: 8_000, code: "reference_sample_rate_too_low" }),
  taken("16khz", { sampleRate: 16_000 }, { sampleRate: 16_000, code: "reference_sample_rate_too_low" }),
  taken("22.05khz", { sampleRate: 22_050 }, { sampleRate: 22_050, code: "reference_sample_rate_too_low" }),
  taken("23.999khz", { sampleRate: 23_999 }, { sampleRate: 23_999, code: "reference_sample_rate_too_low" }),
  taken("44.1khz", { sampleRate: 44_100 }, { sampleRate: 44_100 }),
  taken("48khz", { sampleRate: 48_000 }, { sampleRate: 48_000 }),
  taken("192khz", { sampleRate: 192_000 }, { sampleRate: 192_000 }),
  taken("stereo", { channels: 2 }, { channels: 2, code: "reference_not_mono" }),
  taken("six-channels", { channels: 6, extensible: true }, { channels: 6, code: "reference_not_mono" }),
  readable("wav-9999999-bytes.wav", ofSize(9_999_999), AUDIO),
  readable("wav-10000000-bytes.wav", ofSize(10_000_000), AUDIO, { code: "reference_too_large" }),

  unsupported("8-bit", { bits: 8 }),
  unsupported("24-bit", { bits: 24 }),
  unsupported("24-bit-extensible", { bits: 24, extensible: true }),
  unsupported("32-bit", { bits: 32 }),
  unsupported("float32", { bits: 32, formatTag: IEEE_FLOAT }),
  unsupported("float32-extensible", { bits: 32, formatTag: IEEE_FLOAT, extensible: true }),
  unsupported("float64", { bits: 64, formatTag: IEEE_FLOAT }),
  unsupported("a-law", { bits: 8, formatTag: A_LAW }),
  unsupported("mu-law", { bits: 8, formatTag: MU_LAW }),
  unsupported("adpcm", { bits: 4, formatTag: IMA_ADPCM }),

  ...misstated,
  taken("block-size-0-extensible", { statedBlockSize: 0, extensible: true }),
  taken("stereo-block-size-2", { channels: 2, statedBlockSize: 2 }, {
    channels: 2,
    code: "reference_not_mono",
  }),
  taken("byte-rate-0", { statedByteRate: 0 }),
  taken("byte-rate-1", { statedByteRate: 1 }),
  taken("byte-rate-of-stereo", { statedByteRate: 96_000 }),

  taken("extensible", { extensible: true }),
  taken("remarks-before-format", { beforeFormat: [remarks(1_000)] }),
  taken("remarks-before-data", { beforeData: [remarks(1_000)] }),
  taken("remarks-after-data", { afterData: [remarks(1_000)] }),
  taken("much-after-data", { seconds: 30, afterData: [remarks(200_000), tagChunk()] }, {
    durationSeconds: 30,
  }),
  taken("junk-everywhere", {
    beforeFormat: [chunk("JUNK", noise(28)), chunk("bext", new Uint8Array(858))],
    beforeData: [chunk("fact", bigEndian(4, 0)), chunk("PEAK", noise(16))],
    afterData: [chunk("JUNK", noise(5_000))],
  }),
  taken("odd-chunk", { beforeFormat: [chunk("junk", noise(33))], beforeData: [chunk("cue ", noise(27))] }),
  taken("odd-chunk-unpadded-at-the-end", { afterData: [chunk("junk", noise(33), { padded: false })] }),
  unreadable(
    "odd-chunk-unpadded",
    () => wav({ beforeFormat: [chunk("junk", noise(33), { padded: false })] }),
  ),
  taken("rf64", { container: "RF64" }),
  taken("streamed", { statedRiffSize: UNKNOWN_SIZE, statedDataSize: UNKNOWN_SIZE }),
  taken("streamed-0", { statedRiffSize: 0, statedDataSize: 0 }),
  taken("riff-size-0", { statedRiffSize: 0 }),
  taken("data-size-0", { statedDataSize: 0 }),
  taken("data-beyond-64kib-and-much-behind", {
    beforeFormat: [chunk("JUNK", new Uint8Array(70_000))],
    afterData: [remarks(2_000_000), tagChunk()],
  }),
  taken("streamed-2gib", { statedRiffSize: 0x7fffffff, statedDataSize: 0x7fffffff - 36 }),
  taken("longer-than-its-sizes", { statedRiffSize: 36 + 240_000, statedDataSize: 240_000 }, {
    durationSeconds: 5,
  }),
  taken("data-beyond-64kib", { beforeData: [chunk("JUNK", new Uint8Array(300_000))] }),
  taken("format-beyond-64kib", { beforeFormat: [chunk("JUNK", new Uint8Array(300_000))] }),
  taken("remarks-of-300kb-first", { beforeFormat: [remarks(300_000)] }),
  taken("tag-of-90kb-first", { beforeFormat: [tagChunk()] }),
  tagged("tag-in-front", [id3v2({ size: 200 })]),
  tagged("tag-with-footer-in-front", [id3v2({ size: 200, version: 4, footer: true })]),
  tagged("tag-of-90kb-in-front", [id3v2({ size: 90_000, picture: noise(80_000) })]),
  tagged("tags-around", [id3v2({ size: 300 })], [id3v1()]),
  readable(
    "wav-tag-in-front-cut-short.wav",
    () => join(id3v2({ size: 300 }), wav().slice(0, 44 + 240_000)),
    AUDIO,
    {
      durationSeconds: 5,
    },
  ),
  readable("wav-cut-short.wav", () => wav().slice(0, 44 + 240_000), AUDIO, { durationSeconds: 5 }),
  readable("wav-cut-within-a-sample.wav", () => wav().slice(0, 44 + 240_001), AUDIO, { durationSeconds: 5 }),
  readable("wav-cut-to-2s.wav", () => wav().slice(0, 44 + 96_000), AUDIO, {
    durationSeconds: 2,
    code: "reference_too_short",
  }),

  refused(
    "wav-tag-in-front-24-bit.wav",
    () => join(id3v2({ size: 300 }), wav({ bits: 24 })),
    AUDIO.contentType,
    "reference_type_unsupported",
  ),
  // ffmpeg looks for the format behind one tag, and right behind it.
  unreadable(
    "two-tags-in-front",
    () => join(id3v2({ size: 300 }), id3v2({ size: 300 }), wav({ seconds: 3 })),
  ),
  unreadable(
    "zeros-behind-the-tag",
    () => join(id3v2({ size: 300 }), new Uint8Array(100), wav({ seconds: 3 })),
  ),

  unreadable("without-data", () => wav({ seconds: 0 })),
  unreadable("cut-before-data", () => wav().slice(0, 40)),
  unreadable("cut-in-its-name", () => wav().slice(0, 10)),
  unreadable("without-format", () => join(wav().slice(0, 12), wav().slice(36))),
  unreadable("sample-rate-0", () => wav({ seconds: 1 }).fill(0, 24, 28)),
  unreadable("no-channels", () => wav().fill(0, 22, 24)),
];
