import { type Bytes, join, noise, zeros } from "./binary.ts";
import { type Clip, type Expected, readable, REFUSED, refusedAs } from "./corpus_clip.ts";
import { box, fileType, heAacConfig, packBits, programConfig } from "./m4a_boxes.ts";
import { fragmentedM4a, type FragmentedOptions } from "./write_fragmented_m4a.ts";
import { type Edit, m4a, type M4aOptions } from "./write_m4a.ts";

/** A clip that is found to be what its options say, unless `expected` differs. */
const written = (name: string, options: M4aOptions, expected?: Expected) => {
  const { sampleRate = 24_000, channels = 1, samples, seconds = 10 } = options;
  const durationSeconds = samples === undefined ? seconds : samples / sampleRate;
  const facts = { durationSeconds, sampleRate, channels, ...expected };
  return readable("m4a", `m4a-${name}`, () => m4a(options), facts);
};
const atRate = (kilohertz: number, expected?: Expected) =>
  written(`${kilohertz}khz`, { sampleRate: kilohertz * 1_000 }, expected);
/** The same, written in fragments. */
const recorded = (name: string, options: FragmentedOptions, expected?: Expected) => {
  const { sampleRate = 24_000, channels = 1, seconds: durationSeconds = 10 } = options;
  const facts = { durationSeconds, sampleRate, channels, ...expected };
  return readable("m4a", `m4a-recorded-${name}`, () => fragmentedM4a(options), facts);
};
/** A clip of ten seconds whose edit list, with durations in milliseconds by default, picks what is heard. */
const edited = (name: string, edits: Edit[], durationSeconds: number, options?: M4aOptions) =>
  written(name, { movieTimescale: 1_000, edits, ...options }, { durationSeconds });
const inSamples = { movieTimescale: 24_000 };
/** A clip whose sample entry has another number of channels than its program config. */
const configured = (name: string, channels: number, audioConfig: Bytes, expected?: Expected) =>
  written(`program-config${name}`, { channels: channels === 1 ? 2 : 1, audioConfig }, {
    channels,
    ...expected,
  });
const unsupported = refusedAs("m4a", "reference_type_unsupported", "m4a");
const unreadable = refusedAs("m4a", "reference_unreadable", "m4a");
const fileOf = (...boxes: Parameters<typeof join>) => () => join(fileType("M4A ", ["isom"]), ...boxes);

/** M4A clips: each rule from both sides, and the builds of phones, editors and browsers. */
export const M4A_CLIPS: Clip[] = [
  written("plain", {}),
  written("3.000s", { samples: 72_000 }),
  written("just-below-3s", { samples: 71_999 }, REFUSED.tooShort),
  written("60.000s", { seconds: 60 }),
  written("trimmed-to-2s", { seconds: 12, delay: 24_000, kept: 48_000 }, {
    durationSeconds: 2,
    ...REFUSED.tooShort,
  }),
  written("trimmed-from-90s", { seconds: 90, kept: 720_000 }, { durationSeconds: 30 }),
  written("60s-with-an-encoders-delay", { samples: 1_442_048 }),
  written("just-above-60s", { samples: 1_442_401 }, REFUSED.tooLong),
  ...[8, 16, 22.05, 23.999].map((kilohertz) => atRate(kilohertz, REFUSED.rateTooLow)),
  ...[44.1, 48, 96].map((kilohertz) => atRate(kilohertz)),
  written("stereo", { channels: 2 }, REFUSED.notMono),
  written("9999999-bytes", { coverBytes: 9_953_203 }),
  written("10000000-bytes", { coverBytes: 9_953_204 }, REFUSED.tooLarge),

  written("moov-last", { moov: "last", seconds: 60 }),
  written("moov-last-with-cover", { moov: "last", seconds: 30, coverBytes: 100_000 }),
  written("wide-data", { wideData: true }),
  written("wide-data-moov-last", { wideData: true, moov: "last" }),
  written("data-to-the-end", { statedDataSize: 0 }),
  written("brand-mp42", { brand: "mp42" }),
  written("brand-isom", { brand: "isom", compatible: ["isom", "iso2", "mp41"] }),
  written("brand-iso5", { brand: "iso5", compatible: ["iso5", "iso6", "mp41"] }),
  written("brand-3gp4", { brand: "3gp4", compatible: ["isom", "3gp4"], moov: "last" }),
  written("free-space-first", { moreBefore: [box("free", zeros(1_000)), box("wide")] }),
  written("moov-beyond-64kib", { moreBefore: [box("free", zeros(100_000))] }),
  written("stereo-by-its-entry", { entry: { sampleRate: 44_100, channels: 2 } }),
  written("high-efficiency", { audioConfig: heAacConfig(24_000, false) }),
  written("high-efficiency-from-8khz", { sampleRate: 8_000, audioConfig: heAacConfig(16_000, false) }, {
    sampleRate: 16_000,
    ...REFUSED.rateTooLow,
  }),
  written("parametric-stereo", { audioConfig: heAacConfig(24_000, true) }, {
    channels: 2,
    ...REFUSED.notMono,
  }),
  written("60s-behind-a-delay", { samples: 60 * 24_000 + 2_112, delay: 2_112 }, { durationSeconds: 60 }),
  written("cover-of-70kb", { coverBytes: 70_000 }),
  written("cover-of-1mb", { coverBytes: 1_000_000 }),
  written("cover-of-1mb-before-the-track", { coverBytes: 1_000_000, cover: "before" }),

  edited("edit-in-units-of-the-media", [[441_000, 0]], 10, { sampleRate: 44_100 }),
  edited("edit-of-75s", [[75_000, 1_024]], (240_000 - 1_024) / 24_000),
  edited("edit-without-end", [[0xffffffff, 0]], 10),
  edited("edit-of-64-bits", [[96_000, 24_000]], 4, { ...inSamples, editVersion: 1 }),
  edited("edit-of-64-bits-without-end", [[2 ** 62, 24_000]], 9, { ...inSamples, editVersion: 1 }),
  edited("edit-of-the-end", [[120_000, 144_000]], 4, inSamples),
  edited("silence-first", [[500, -1], [9_000, 24_000]], 9),
  edited("silence-of-75s-first", [[75_000, -1], [10_000, 0]], 10),
  edited("several-edits", [[1_000, 0], [2_000, 48_000], [2_000, 192_000]], 5),
  edited("several-edits-each-too-long", [[75_000, 0], [75_000, 120_000]], 10),
  edited("edit-without-duration", [[0, 24_000]], 9),
  edited("edit-in-units-of-nothing", [[4_000, 48_000]], 8, { movieTimescale: 0 }),
  written("no-edits-in-its-list", { edits: [] }),
  written("cover-as-a-track", { pictures: { count: 1 } }),
  written("cover-as-the-first-track", { pictures: { count: 1, place: "first" }, moov: "last" }),
  written("pictures-of-chapters", { pictures: { count: 5, areChapters: true } }),
  configured("", 1, programConfig(24_000, ["single"])),
  configured("-with-mixdowns", 1, programConfig(24_000, ["single"], { mixdowns: true })),
  configured("-with-a-core-coder", 1, programConfig(24_000, ["single"], { coreCoder: true })),
  configured("-high-efficiency", 1, programConfig(48_000, ["single"], { objectType: 5 }), {
    sampleRate: 48_000,
  }),
  configured("-stereo", 2, programConfig(24_000, ["pair"]), REFUSED.notMono),
  configured("-surround", 6, programConfig(24_000, ["single", "pair", "pair"], { low: 1 }), REFUSED.notMono),
  // Only the stream has it, so the sample entry is all that can be read.
  written("program-config-left-out", { audioConfig: packBits([2, 5], [6, 4], [0, 4], [0, 3]) }),

  recorded("by-a-browser", {}),
  recorded("with-an-edit", { delay: 1_024 }, { durationSeconds: 10 - 1_024 / 24_000 }),
  recorded("with-a-cover-as-a-track", { pictures: 1 }),
  recorded("60.000s", { seconds: 60 }),
  recorded("61s", { seconds: 61 }, REFUSED.tooLong),
  recorded("2.9s", { seconds: 2.9 }, REFUSED.tooShort),
  recorded("48khz-stereo", { sampleRate: 48_000, channels: 2 }, REFUSED.notMono),
  recorded("with-its-duration", { statesDuration: true }),
  recorded("brand-dash", { brand: "dash", compatible: ["iso6", "mp41"], index: true }),
  recorded("with-an-index-at-the-end", { lastIndex: true }),

  unsupported("opus", () => m4a({ codec: "opus", sampleRate: 48_000 })),
  unsupported("recorded-opus", () => fragmentedM4a({ codec: "opus", sampleRate: 48_000 })),
  unsupported("alac", () => m4a({ codec: "alac" })),
  unsupported("video", () => m4a({ brand: "mp42", video: true })),
  unsupported("slides", () => m4a({ pictures: { count: 5 } })),
  unsupported("recorded-video", () => fragmentedM4a({ pictures: 5 })),
  unsupported("amr-in-3gp", () => m4a({ brand: "3gp4", codec: "amr", sampleRate: 8_000, packetBytes: 32 })),
  unsupported("quicktime", () => m4a({ brand: "qt  ", compatible: ["qt  "] })),

  unreadable("cut-short", () => m4a({ seconds: 30 }).slice(0, 60_000)),
  unreadable("recorded-cut-short", () => fragmentedM4a().slice(0, 25_000)),
  unreadable("cut-short-behind-a-cover", () => m4a({ coverBytes: 1_000_000 }).slice(0, 1_010_000)),
  unreadable("data-overstated", () => m4a({ statedDataSize: 1_000_000 })),
  unreadable("cut-short-moov-last", () => m4a({ moov: "last", statedDataSize: 1_000_000 })),
  unreadable("cut-short-in-moov", () => m4a({ moov: "last" }).slice(0, -500)),
  unreadable("nothing-but-silence-heard", () => m4a({ edits: [[240_000, -1]] })),
  unreadable("edit-behind-the-end", () => m4a({ edits: [[24_000, 500_000]] })),
  unreadable("timescale-0", () => m4a({ statedTimescale: 0 })),
  unreadable(
    "timescale-0-with-an-edit",
    () => m4a({ statedTimescale: 0, movieTimescale: 1_000, edits: [[4_000, 0]] }),
  ),
  // Its recorder was killed, and never wrote the size.
  unreadable("without-moov-and-size", fileOf(box("free"), zeros(4), "mdat", noise(50_000))),
  unreadable("without-moov", fileOf(box("mdat", noise(50_000)))),
  unreadable("without-tracks", fileOf(box("moov"), box("mdat", noise(50_000)))),
  unreadable("without-samples", () => m4a({ tables: { stts: [], stsc: [], stsz: [], stco: [] } })),
];
