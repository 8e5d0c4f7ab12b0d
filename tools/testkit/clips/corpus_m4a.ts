import { box, fileType } from "./boxes.ts";
import { bigEndian, join, noise } from "./bytes.ts";
import { type Clip, type Expected, readable, refused } from "./clip.ts";
import { fragmentedM4a, type FragmentedOptions } from "./m4a_fragments.ts";
import { heAacConfig, packBits, programConfig } from "./m4a_track.ts";
import { m4a, type M4aOptions } from "./m4a.ts";

const AUDIO = { contentType: "audio/mp4", container: "m4a", codec: "aac" } as const;

const taken = (name: string, options: M4aOptions, expected?: Expected) =>
  readable(`m4a-${name}.m4a`, () => m4a(options), AUDIO, expected);
const recorded = (name: string, options: FragmentedOptions, expected?: Expected) =>
  readable(`m4a-recorded-${name}.m4a`, () => fragmentedM4a(options), AUDIO, expected);
const unsupported = (name: string, bytes: Clip["bytes"]) =>
  refused(`m4a-${name}.m4a`, bytes, AUDIO.contentType, "reference_type_unsupported");
const unreadable = (name: string, bytes: Clip["bytes"]) =>
  refused(`m4a-${name}.m4a`, bytes, AUDIO.contentType, "reference_unreadable");

/** M4A clips: each rule from both sides, and the builds of phones, editors and browsers. */
export const M4A_CLIPS: Clip[] = [
  taken("plain", {}),
  taken("3.000s", { samples: 72_000 }, { durationSeconds: 3 }),
  taken("just-below-3s", { samples: 71_999 }, {
    durationSeconds: 71_999 / 24_000,
    code: "reference_too_short",
  }),
  taken("60.000s", { seconds: 60 }, { durationSeconds: 60 }),
  taken("trimmed-to-2s", { seconds: 12, delay: 24_000, kept: 48_000 }, {
    durationSeconds: 2,
    code: "reference_too_short",
  }),
  taken("trimmed-from-90s", { seconds: 90, kept: 720_000 }, { durationSeconds: 30 }),
  taken("60s-with-an-encoders-delay", { samples: 1_442_048 }, { durationSeconds: 1_442_048 / 24_000 }),
  taken("just-above-60s", { samples: 1_442_401 }, {
    durationSeconds: 1_442_401 / 24_000,
    code: "reference_too_long",
  }),
  taken("8khz", { sampleRate: 8_000 }, { sampleRate: 8_000, code: "reference_sample_rate_too_low" }),
  taken("16khz", { sampleRate: 16_000 }, { sampleRate: 16_000, code: "reference_sample_rate_too_low" }),
  taken("22.05khz", { sampleRate: 22_050 }, { sampleRate: 22_050, code: "reference_sample_rate_too_low" }),
  taken("23.999khz", { sampleRate: 23_999 }, { sampleRate: 23_999, code: "reference_sample_rate_too_low" }),
  taken("44.1khz", { sampleRate: 44_100 }, { sampleRate: 44_100 }),
  taken("48khz", { sampleRate: 48_000 }, { sampleRate: 48_000 }),
  taken("96khz", { sampleRate: 96_000 }, { sampleRate: 96_000 }),
  taken("stereo", { channels: 2 }, { channels: 2, code: "reference_not_mono" }),
  taken("9999999-bytes", { coverBytes: 9_953_203 }),
  taken("10000000-bytes", { coverBytes: 9_953_204 }, { code: "reference_too_large" }),

  taken("moov-last", { moov: "last", seconds: 60 }, { durationSeconds: 60 }),
  taken("moov-last-with-cover", { moov: "last", seconds: 30, coverBytes: 100_000 }, { durationSeconds: 30 }),
  taken("wide-data", { wideData: true }),
  taken("wide-data-moov-last", { wideData: true, moov: "last" }),
  taken("data-to-the-end", { statedDataSize: 0 }),
  taken("brand-mp42", { brand: "mp42" }),
  taken("brand-isom", { brand: "isom", compatible: ["isom", "iso2", "mp41"] }),
  taken("brand-iso5", { brand: "iso5", compatible: ["iso5", "iso6", "mp41"] }),
  taken("brand-3gp4", { brand: "3gp4", compatible: ["isom", "3gp4"], moov: "last" }),
  taken("free-space-first", { moreBefore: [box("free", new Uint8Array(1_000)), box("wide")] }),
  taken("moov-beyond-64kib", { moreBefore: [box("free", new Uint8Array(100_000))] }),
  taken("stereo-by-its-entry", { entry: { sampleRate: 44_100, channels: 2 } }),
  taken("high-efficiency", { audioConfig: heAacConfig(24_000, false) }),
  taken("high-efficiency-from-8khz", { sampleRate: 8_000, audioConfig: heAacConfig(16_000, false) }, {
    sampleRate: 16_000,
    code: "reference_sample_rate_too_low",
  }),
  taken("parametric-stereo", { audioConfig: heAacConfig(24_000, true) }, {
    channels: 2,
    code: "reference_not_mono",
  }),
  taken("60s-behind-a-delay", { samples: 60 * 24_000 + 2_112, delay: 2_112 }, { durationSeconds: 60 }),
  taken("cover-of-70kb", { coverBytes: 70_000 }),
  taken("cover-of-1mb", { coverBytes: 1_000_000 }),
  taken("cover-of-1mb-before-the-track", { coverBytes: 1_000_000, cover: "before" }),

  taken("edit-in-units-of-the-media", {
    sampleRate: 44_100,
    movieTimescale: 1_000,
    edits: [{ duration: 441_000, from: 0 }],
  }, { sampleRate: 44_100 }),
  taken("edit-of-75s", { movieTimescale: 1_000, edits: [{ duration: 75_000, from: 1_024 }] }, {
    durationSeconds: (240_000 - 1_024) / 24_000,
  }),
  taken("edit-without-end", { movieTimescale: 1_000, edits: [{ duration: 0xffffffff, from: 0 }] }),
  taken("edit-of-64-bits", { edits: [{ duration: 96_000, from: 24_000 }], editVersion: 1 }, {
    durationSeconds: 4,
  }),
  taken("edit-of-64-bits-without-end", {
    edits: [{ duration: 2 ** 62, from: 24_000 }],
    editVersion: 1,
  }, { durationSeconds: 9 }),
  taken("edit-of-the-end", { edits: [{ duration: 120_000, from: 144_000 }] }, { durationSeconds: 4 }),
  taken("silence-first", {
    movieTimescale: 1_000,
    edits: [{ duration: 500, from: -1 }, { duration: 9_000, from: 24_000 }],
  }, { durationSeconds: 9 }),
  taken("silence-of-75s-first", {
    movieTimescale: 1_000,
    edits: [{ duration: 75_000, from: -1 }, { duration: 10_000, from: 0 }],
  }),
  taken("several-edits", {
    movieTimescale: 1_000,
    edits: [{ duration: 1_000, from: 0 }, { duration: 2_000, from: 48_000 }, {
      duration: 2_000,
      from: 192_000,
    }],
  }, { durationSeconds: 5 }),
  taken("several-edits-each-too-long", {
    movieTimescale: 1_000,
    edits: [{ duration: 75_000, from: 0 }, { duration: 75_000, from: 120_000 }],
  }),
  taken("edit-without-duration", { movieTimescale: 1_000, edits: [{ duration: 0, from: 24_000 }] }, {
    durationSeconds: 9,
  }),
  taken("edit-in-units-of-nothing", { movieTimescale: 0, edits: [{ duration: 4_000, from: 48_000 }] }, {
    durationSeconds: 8,
  }),
  taken("no-edits-in-its-list", { edits: [] }),
  taken("cover-as-a-track", { pictures: { count: 1 } }),
  taken("cover-as-the-first-track", { pictures: { count: 1, place: "first" }, moov: "last" }),
  taken("pictures-of-chapters", { pictures: { count: 5, areChapters: true } }),
  taken("program-config", { channels: 2, audioConfig: programConfig(24_000, ["single"]) }, { channels: 1 }),
  taken("program-config-with-mixdowns", {
    channels: 2,
    audioConfig: programConfig(24_000, ["single"], { mixdowns: true }),
  }, { channels: 1 }),
  taken("program-config-with-a-core-coder", {
    channels: 2,
    audioConfig: programConfig(24_000, ["single"], { coreCoder: true }),
  }, { channels: 1 }),
  taken("program-config-high-efficiency", {
    channels: 2,
    audioConfig: programConfig(48_000, ["single"], { objectType: 5 }),
  }, { channels: 1, sampleRate: 48_000 }),
  taken("program-config-stereo", { audioConfig: programConfig(24_000, ["pair"]) }, {
    channels: 2,
    code: "reference_not_mono",
  }),
  taken("program-config-surround", {
    audioConfig: programConfig(24_000, ["single", "pair", "pair"], { low: 1 }),
  }, { channels: 6, code: "reference_not_mono" }),
  // Told in the stream alone: then what the sample entry says is all there is.
  taken("program-config-left-out", { audioConfig: packBits([2, 5], [6, 4], [0, 4], [0, 3]) }),

  recorded("by-a-browser", {}),
  recorded("with-an-edit", { delay: 1_024 }, { durationSeconds: 10 - 1_024 / 24_000 }),
  recorded("with-a-cover-as-a-track", { pictures: 1 }),
  recorded("60.000s", { seconds: 60 }, { durationSeconds: 60 }),
  recorded("61s", { seconds: 61 }, { durationSeconds: 61, code: "reference_too_long" }),
  recorded("2.9s", { seconds: 2.9 }, { durationSeconds: 2.9, code: "reference_too_short" }),
  recorded("48khz-stereo", { sampleRate: 48_000, channels: 2 }, {
    sampleRate: 48_000,
    channels: 2,
    code: "reference_not_mono",
  }),
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
  unreadable("nothing-but-silence-heard", () => m4a({ edits: [{ duration: 240_000, from: -1 }] })),
  unreadable("edit-behind-the-end", () => m4a({ edits: [{ duration: 24_000, from: 500_000 }] })),
  unreadable("timescale-0", () => m4a({ statedTimescale: 0 })),
  unreadable(
    "timescale-0-with-an-edit",
    () => m4a({ statedTimescale: 0, movieTimescale: 1_000, edits: [{ duration: 4_000, from: 0 }] }),
  ),
  // Its recorder was killed, and never wrote the size.
  unreadable(
    "without-moov-and-size",
    () => join(fileType("M4A ", ["isom"]), box("free"), bigEndian(4, 0), "mdat", noise(50_000)),
  ),
  unreadable("without-moov", () => join(fileType("M4A ", ["isom"]), box("mdat", noise(50_000)))),
  unreadable(
    "without-tracks",
    () => join(fileType("M4A ", ["isom"]), box("moov"), box("mdat", noise(50_000))),
  ),
  unreadable("without-samples", () => m4a({ tables: { stts: [], stsc: [], stsz: [], stco: [] } })),
];
