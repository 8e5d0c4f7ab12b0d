import { type Bytes, join, noise, zeros } from "./binary.ts";
import { type Clip, type Expected, readable, REFUSED, refusedAs } from "./corpus_clip.ts";
import { id3v1, id3v2 } from "./write_mp3.ts";
import { A_LAW, chunk, IEEE_FLOAT, remarks, UNKNOWN_SIZE, wav, type WavOptions } from "./write_wav.ts";

const MU_LAW = 7;
const IMA_ADPCM = 0x11;

const made = (name: string, bytes: () => Bytes, expected?: Expected) =>
  readable("wav", `wav-${name}`, bytes, expected);
/** A clip that is found to be what its options say, unless `expected` differs. */
const written = (name: string, options: WavOptions, expected?: Expected) => {
  const { sampleRate = 24_000, channels = 1, frames, seconds = 10 } = options;
  const durationSeconds = frames === undefined ? seconds : frames / sampleRate;
  return made(name, () => wav(options), { durationSeconds, sampleRate, channels, ...expected });
};
const atRate = (kilohertz: number, expected?: Expected) =>
  written(`${kilohertz}khz`, { sampleRate: kilohertz * 1_000 }, expected);
const unreadable = refusedAs("wav", "reference_unreadable", "wav");
const unsupported = refusedAs("wav", "reference_type_unsupported", "wav");

/** A clip of ten seconds brought up to this size with a chunk behind the data. */
const ofSize = (size: number) => () => {
  const clip = wav();
  return join(clip, chunk("JUNK", zeros(size - clip.length - 8), { padded: false }));
};
/** The beginning of a clip of ten seconds: its header and this much data. */
const cutTo = (dataBytes: number) => wav().slice(0, 44 + dataBytes);

const tag = (size = 300) => id3v2({ size });
const largeTag = () => id3v2({ size: 90_000, picture: noise(80_000) });
/** A picture in a tag in a chunk, as some taggers do it. */
const tagChunk = () => chunk("id3 ", largeTag());

/** WAV clips: each rule from both sides, and every header in use. */
export const WAV_CLIPS: Clip[] = [
  written("plain", {}),
  written("3.000s", { frames: 72_000 }),
  written("just-below-3s", { frames: 71_999 }, REFUSED.tooShort),
  written("1.4s", { seconds: 1.4 }, REFUSED.tooShort),
  written("1s", { seconds: 1 }, REFUSED.tooShort),
  written("60.000s", { seconds: 60 }),
  written("just-above-60s", { frames: 1_440_001 }, REFUSED.tooLong),
  written("120s", { seconds: 120 }, REFUSED.tooLong),
  ...[8, 16, 22.05, 23.999].map((kilohertz) => atRate(kilohertz, REFUSED.rateTooLow)),
  ...[44.1, 48, 192].map((kilohertz) => atRate(kilohertz)),
  written("stereo", { channels: 2 }, REFUSED.notMono),
  written("six-channels", { channels: 6, extensible: true }, REFUSED.notMono),
  made("9999999-bytes", ofSize(9_999_999)),
  made("10000000-bytes", ofSize(10_000_000), REFUSED.tooLarge),

  unsupported("8-bit", () => wav({ bits: 8 })),
  unsupported("24-bit", () => wav({ bits: 24 })),
  unsupported("24-bit-extensible", () => wav({ bits: 24, extensible: true })),
  unsupported("32-bit", () => wav({ bits: 32 })),
  unsupported("float32", () => wav({ bits: 32, formatTag: IEEE_FLOAT })),
  unsupported("float32-extensible", () => wav({ bits: 32, formatTag: IEEE_FLOAT, extensible: true })),
  unsupported("float64", () => wav({ bits: 64, formatTag: IEEE_FLOAT })),
  unsupported("a-law", () => wav({ bits: 8, formatTag: A_LAW })),
  unsupported("mu-law", () => wav({ bits: 8, formatTag: MU_LAW })),
  unsupported("adpcm", () => wav({ bits: 4, formatTag: IMA_ADPCM })),

  // Recorders often state a wrong block size, or none; for PCM, channels and width determine it.
  ...[0, 1, 3, 4, 0xffff].map((statedBlockSize) =>
    written(`block-size-${statedBlockSize}`, { statedBlockSize })
  ),
  written("block-size-0-extensible", { statedBlockSize: 0, extensible: true }),
  written("stereo-block-size-2", { channels: 2, statedBlockSize: 2 }, REFUSED.notMono),
  written("byte-rate-0", { statedByteRate: 0 }),
  written("byte-rate-1", { statedByteRate: 1 }),
  written("byte-rate-of-stereo", { statedByteRate: 96_000 }),

  written("extensible", { extensible: true }),
  written("remarks-before-format", { beforeFormat: [remarks(1_000)] }),
  written("remarks-before-data", { beforeData: [remarks(1_000)] }),
  written("remarks-after-data", { afterData: [remarks(1_000)] }),
  written("much-after-data", { seconds: 30, afterData: [remarks(200_000), tagChunk()] }),
  written("junk-everywhere", {
    beforeFormat: [chunk("JUNK", noise(28)), chunk("bext", zeros(858))],
    beforeData: [chunk("fact", zeros(4)), chunk("PEAK", noise(16))],
    afterData: [chunk("JUNK", noise(5_000))],
  }),
  written("odd-chunk", { beforeFormat: [chunk("junk", noise(33))], beforeData: [chunk("cue ", noise(27))] }),
  written("odd-chunk-unpadded-at-the-end", { afterData: [chunk("junk", noise(33), { padded: false })] }),
  unreadable(
    "odd-chunk-unpadded",
    () => wav({ beforeFormat: [chunk("junk", noise(33), { padded: false })] }),
  ),
  written("rf64", { container: "RF64" }),
  written("streamed", { statedRiffSize: UNKNOWN_SIZE, statedDataSize: UNKNOWN_SIZE }),
  written("streamed-0", { statedRiffSize: 0, statedDataSize: 0 }),
  written("riff-size-0", { statedRiffSize: 0 }),
  written("data-size-0", { statedDataSize: 0 }),
  written("data-beyond-64kib-and-much-behind", {
    beforeFormat: [chunk("JUNK", zeros(70_000))],
    afterData: [remarks(2_000_000), tagChunk()],
  }),
  written("streamed-2gib", { statedRiffSize: 0x7fffffff, statedDataSize: 0x7fffffff - 36 }),
  written("longer-than-its-sizes", { statedRiffSize: 36 + 240_000, statedDataSize: 240_000 }, {
    durationSeconds: 5,
  }),
  written("data-beyond-64kib", { beforeData: [chunk("JUNK", zeros(300_000))] }),
  written("format-beyond-64kib", { beforeFormat: [chunk("JUNK", zeros(300_000))] }),
  written("remarks-of-300kb-first", { beforeFormat: [remarks(300_000)] }),
  written("tag-of-90kb-first", { beforeFormat: [tagChunk()] }),
  made("tag-in-front", () => join(tag(200), wav())),
  made("tag-with-footer-in-front", () => join(id3v2({ size: 200, version: 4, footer: true }), wav())),
  made("tag-of-90kb-in-front", () => join(largeTag(), wav())),
  made("tags-around", () => join(tag(), wav(), id3v1())),
  made("tag-in-front-cut-short", () => join(tag(), cutTo(240_000)), { durationSeconds: 5 }),
  made("cut-short", () => cutTo(240_000), { durationSeconds: 5 }),
  made("cut-within-a-sample", () => cutTo(240_001), { durationSeconds: 5 }),
  made("cut-to-2s", () => cutTo(96_000), { durationSeconds: 2, ...REFUSED.tooShort }),

  unsupported("tag-in-front-24-bit", () => join(tag(), wav({ bits: 24 }))),
  // ffmpeg looks for the format behind one tag, and right behind it.
  unreadable("two-tags-in-front", () => join(tag(), tag(), wav({ seconds: 3 }))),
  unreadable("zeros-behind-the-tag", () => join(tag(), zeros(100), wav({ seconds: 3 }))),

  unreadable("without-data", () => wav({ seconds: 0 })),
  unreadable("cut-before-data", () => wav().slice(0, 40)),
  unreadable("cut-in-its-name", () => wav().slice(0, 10)),
  unreadable("without-format", () => join(wav().slice(0, 12), wav().slice(36))),
  unreadable("sample-rate-0", () => wav({ seconds: 1 }).fill(0, 24, 28)),
  unreadable("no-channels", () => wav().fill(0, 22, 24)),
];
