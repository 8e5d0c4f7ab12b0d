import type { Bytes } from "../testkit/clips/binary.ts";
import { fragmentedM4a } from "../testkit/clips/write_fragmented_m4a.ts";
import { m4a, type M4aOptions } from "../testkit/clips/write_m4a.ts";
import { mp3 } from "../testkit/clips/write_mp3.ts";
import { wav } from "../testkit/clips/write_wav.ts";

/** A clip within every rule, with the most bytes that may be read of it where that is promised. */
export type BenchClip = { what: string; contentType: string; bytes: Bytes; readLimit?: number };

/** What a finalize may read of a WAV or an M4A whose headers come first, in bytes. */
const HEADER_LIMIT_BYTES = 262_144;

const ofWav = { contentType: "audio/wav", readLimit: HEADER_LIMIT_BYTES };

/** A WAV of exactly this size, at a sample rate that keeps it under a minute. */
export function wavOfSize(megabytes: number): BenchClip {
  const headerBytes = 44;
  const frames = (megabytes * 1_000_000 - headerBytes) / 2;
  const sampleRate = frames / 24_000 < 60 ? 24_000 : 96_000;
  return { what: `WAV ${megabytes} MB`, ...ofWav, bytes: wav({ sampleRate, frames }) };
}

const constantMp3 = (seconds: number): BenchClip => ({
  what: `MP3 ${seconds} s, constant rate`,
  contentType: "audio/mpeg",
  bytes: mp3({ seconds, bitRates: [128] }),
});
const variableMp3 = (seconds: number): BenchClip => ({
  what: `MP3 ${seconds} s, variable rate`,
  contentType: "audio/mpeg",
  bytes: mp3({ seconds, bitRates: [32, 64, 96, 128, 64], summary: "Xing" }),
});

/** The MP3 with the most frames to look at. */
export const minuteOfMp3 = (): BenchClip => constantMp3(59);

/** As recorders of phones have it. */
const aac = { seconds: 59, sampleRate: 48_000, packetBytes: 341 } satisfies M4aOptions;
const ofM4a = { contentType: "audio/mp4" };

/** A clip of each kind that is read in its own way. */
export const clipsOfEachFormat = (): BenchClip[] => [
  { what: "WAV 10 s", ...ofWav, bytes: wav({ seconds: 10 }) },
  { what: "WAV 59 s", ...ofWav, bytes: wav({ seconds: 59 }) },
  wavOfSize(9),
  constantMp3(12),
  variableMp3(12),
  minuteOfMp3(),
  variableMp3(59),
  {
    what: "M4A 59 s, moov first",
    ...ofM4a,
    readLimit: HEADER_LIMIT_BYTES,
    bytes: m4a({ ...aac, moov: "first" }),
  },
  { what: "M4A 59 s, moov last", ...ofM4a, bytes: m4a({ ...aac, moov: "last" }) },
  { what: "M4A 59 s, fragmented", ...ofM4a, bytes: fragmentedM4a(aac) },
];
