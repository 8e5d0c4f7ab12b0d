import type { Bytes } from "../testkit/clips/binary.ts";
import { m4a } from "../testkit/clips/write_m4a.ts";
import { fragmentedM4a } from "../testkit/clips/write_fragmented_m4a.ts";
import { mp3 } from "../testkit/clips/write_mp3.ts";
import { wav } from "../testkit/clips/write_wav.ts";

/** A clip that every rule allows, as it is uploaded. */
export type BenchClip = { what: string; contentType: string; bytes: Bytes };

/** What a finalize may read to look into a WAV or an M4A whose headers come first, in bytes. */
const HEADER_LIMIT_BYTES = 262_144;

/** As recorders of phones have it. */
const aac = { sampleRate: 48_000, packetBytes: 341 };
const variable = [32, 64, 96, 128, 64];

/** A WAV of exactly so many bytes, at a sample rate that keeps it under a minute. */
export function wavOfSize(megabytes: number): BenchClip {
  const headerBytes = 44;
  const frames = (megabytes * 1_000_000 - headerBytes) / 2;
  const sampleRate = frames / 24_000 < 60 ? 24_000 : 96_000;
  return { what: `WAV ${megabytes} MB`, contentType: "audio/wav", bytes: wav({ sampleRate, frames }) };
}

/** The MP3 with the most frames to look at. */
export function minuteOfMp3(): BenchClip {
  return {
    what: "MP3 59 s, constant rate",
    contentType: "audio/mpeg",
    bytes: mp3({ seconds: 59, bitRates: [128] }),
  };
}

/** A clip of each kind that is read in a way of its own, with what may be read of it where that is promised. */
export function clipsOfEachFormat(): (BenchClip & { readLimit?: number })[] {
  const ofWav = { contentType: "audio/wav", readLimit: HEADER_LIMIT_BYTES };
  const ofMp3 = { contentType: "audio/mpeg" };
  const ofM4a = { contentType: "audio/mp4" };
  return [
    { what: "WAV 10 s", ...ofWav, bytes: wav({ seconds: 10 }) },
    { what: "WAV 59 s", ...ofWav, bytes: wav({ seconds: 59 }) },
    { ...wavOfSize(9), ...ofWav },
    { what: "MP3 12 s, constant rate", ...ofMp3, bytes: mp3({ seconds: 12, bitRates: [128] }) },
    {
      what: "MP3 12 s, variable rate",
      ...ofMp3,
      bytes: mp3({ seconds: 12, bitRates: variable, summary: "Xing" }),
    },
    minuteOfMp3(),
    {
      what: "MP3 59 s, variable rate",
      ...ofMp3,
      bytes: mp3({ seconds: 59, bitRates: variable, summary: "Xing" }),
    },
    {
      what: "M4A 59 s, moov first",
      ...ofM4a,
      readLimit: HEADER_LIMIT_BYTES,
      bytes: m4a({ ...aac, seconds: 59, moov: "first" }),
    },
    { what: "M4A 59 s, moov last", ...ofM4a, bytes: m4a({ ...aac, seconds: 59, moov: "last" }) },
    { what: "M4A 59 s, fragmented", ...ofM4a, bytes: fragmentedM4a({ ...aac, seconds: 59 }) },
  ];
}
