import { ApiError } from "../errors.ts";
import { endOfTag } from "./id3.ts";
import { readMp4 } from "./mp4.ts";
import { type ClipSource, createRangedReader, type ReadBytes, ReadFailure } from "./ranged_reader.ts";
import { codecRefused, formatRefused, unreadable } from "./refused_formats.ts";
import { isWav, readWav, WAV_NAMES_BYTES } from "./wav.ts";

/** The properties of a clip, read from its bytes. */
export type AudioFacts = {
  container: "wav" | "mp3" | "m4a";
  /** The provider's name of the format. */
  contentType: "audio/wav" | "audio/mpeg" | "audio/mp4";
  codec: string;
  durationSeconds: number;
  /** In hertz. */
  sampleRate: number;
  channels: number;
};

/** The usual names of an MP4's sample entries (mp4ra.org). */
const CODECS: Readonly<Record<string, string>> = {
  alac: "Apple Lossless",
  Opus: "Opus",
  fLaC: "FLAC",
  mp4a: "MP3",
  samr: "AMR",
  sawb: "AMR",
  "ac-3": "Dolby",
  "ec-3": "Dolby",
};

async function factsOfM4a(read: ReadBytes, sizeBytes: number): Promise<AudioFacts> {
  const { hasVideo, ...facts } = await readMp4(read, sizeBytes);
  if (hasVideo) throw codecRefused("This is a video; upload its sound as WAV, MP3 or M4A.");
  if (facts.codec !== "aac") {
    throw codecRefused(
      `This file holds ${
        CODECS[facts.codec] ?? "something"
      } instead of AAC; save it as AAC, or upload WAV or MP3.`,
    );
  }
  return { ...facts, container: "m4a", contentType: "audio/mp4" };
}

async function factsOf(clip: ClipSource, read: ReadBytes): Promise<AudioFacts> {
  const { sizeBytes, firstBytes } = clip;
  const text = (at: number) => String.fromCharCode(...firstBytes.subarray(at, at + 4));
  // Some taggers put an ID3 tag before a WAV, and decoders skip it.
  const start = await endOfTag(read, 0, sizeBytes);
  if (start + WAV_NAMES_BYTES <= sizeBytes && isWav(await read(start, start + WAV_NAMES_BYTES))) {
    return {
      container: "wav",
      contentType: "audio/wav",
      codec: "pcm-s16",
      ...await readWav(read, sizeBytes, start),
    };
  }
  if (text(4) === "ftyp") {
    if (text(8) === "qt  ") throw formatRefused("QuickTime");
    return await factsOfM4a(read, sizeBytes);
  }
  const { readMp3 } = await import("./mp3.ts");
  return {
    container: "mp3",
    contentType: "audio/mpeg",
    codec: "mp3",
    ...await readMp3(read, { start, end: sizeBytes, firstBytes }),
  };
}

/**
 * Reads the headers of a clip: every frame's of an MP3 and every fragment's of a fragmented M4A, as only those give its
 * length. Loads the MP3 reader on demand.
 * @throws {ApiError} reference_unreadable, reference_type_unsupported
 * @throws the errors of `clip.readRange`
 */
export async function inspectAudio(clip: ClipSource): Promise<AudioFacts> {
  let failure: ReadFailure | undefined;
  const readRange = createRangedReader(clip);
  const read: ReadBytes = (start, end) =>
    readRange(start, end).catch((error) => {
      if (error instanceof ReadFailure) failure = error;
      throw error;
    });
  try {
    const facts = await factsOf(clip, read);
    // To the microsecond: the rest is rounding errors of the sums.
    const durationSeconds = Math.round(facts.durationSeconds * 1e6) / 1e6;
    const numbers = [durationSeconds, facts.sampleRate, facts.channels];
    if (!numbers.every((value) => Number.isFinite(value) && value > 0)) throw unreadable();
    return { ...facts, durationSeconds };
  } catch (error) {
    if (failure) throw failure.cause;
    throw error instanceof ApiError ? error : unreadable(error);
  }
}
