import {
  ADTS,
  CustomSource,
  EncodedPacketSink,
  FLAC,
  Input,
  type InputAudioTrack,
  type InputFormat,
  Logging,
  LogLevel,
  MATROSKA,
  MP3,
  MP4,
  MPEG_TS,
  OGG,
  QTFF,
  UnsupportedInputFormatError,
  WAVE,
  WEBM,
} from "mediabunny";
import { ApiError } from "../errors.ts";
import { readMp4 } from "./mp4.ts";
import { type ClipSource, createRangedReader, ReadFailure } from "./ranged_reader.ts";
import { codecRefused, formatRefused, unknownRefused, unreadable } from "./refused_formats.ts";
import { wavLayoutOf } from "./wav_layout.ts";

/** What the bytes of a clip tell of it, whatever it was declared to be. */
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

/** Formats that are told apart so that a refusal can name them. HLS is left out: its playlists name other files. */
const NAMES = new Map<InputFormat, string>([
  [WEBM, "WebM"],
  [MATROSKA, "Matroska"],
  [OGG, "Ogg"],
  [FLAC, "FLAC"],
  [ADTS, "AAC (ADTS)"],
  [QTFF, "QuickTime"],
  [MPEG_TS, "MPEG-TS"],
]);
const FORMATS = [WAVE, MP4, MP3, ...NAMES.keys()];

/** How mediabunny's names of samples other than 16-bit are told. */
const SAMPLES: Readonly<Record<string, string>> = {
  "pcm-u8": "8-bit",
  "pcm-s24": "24-bit",
  "pcm-s32": "32-bit",
  "pcm-f32": "32-bit float",
  "pcm-f64": "64-bit float",
  ulaw: "µ-law",
  alaw: "A-law",
};

/** An MP3 is read frame by frame up to here, in seconds; the rest is reckoned, for it is far too long already. */
const FRAMES_READ_SECONDS = 120;

/** What mediabunny keeps of a clip, in bytes: it reads forward, and little at a time. */
const CACHE_BYTES = 1_048_576;

const wavSamplesRefused = (kind: string) =>
  codecRefused(`This WAV holds ${kind} samples; save it with 16 bits, or upload MP3 or M4A.`);

/** Neither a header that promises more than there is nor a missing one can lead astray whoever reads every frame. */
async function secondsOfMp3(track: InputAudioTrack): Promise<number> {
  let end = 0;
  for await (
    const packet of new EncodedPacketSink(track).packets(undefined, undefined, { metadataOnly: true })
  ) {
    end = packet.timestamp + packet.duration;
    if (end > FRAMES_READ_SECONDS) return Math.max(end, await track.getDurationFromMetadata() ?? 0);
  }
  return end;
}

type ReadBytes = (start: number, end: number) => Promise<Uint8Array>;

/** Not with mediabunny, which loops over, or makes room for, whatever count a small file claims (docs/decisions/0011). */
async function factsOfM4a(read: ReadBytes, sizeBytes: number): Promise<AudioFacts> {
  const { hasVideo, ...facts } = await readMp4(read, sizeBytes);
  if (hasVideo) throw codecRefused("This is a video; upload its sound as WAV, MP3 or M4A.");
  if (facts.codec !== "aac") {
    const name = /^[\w-]{2,4}$/.test(facts.codec) ? facts.codec : "another codec";
    throw codecRefused(`This MP4 holds ${name} instead of AAC; upload WAV, MP3 or M4A.`);
  }
  return { ...facts, container: "m4a", contentType: "audio/mp4" };
}

async function factsOf(input: Input, read: ReadBytes, sizeBytes: number): Promise<AudioFacts> {
  const format = await input.getFormat();
  const refusedName = NAMES.get(format);
  if (refusedName) throw formatRefused(refusedName);
  if (format === MP4) return await factsOfM4a(read, sizeBytes);

  const track = await input.getPrimaryAudioTrack();
  if (!track) throw unreadable();
  const codec = await track.getCodec() ?? "unknown";
  const measured = {
    codec,
    sampleRate: await track.getSampleRate(),
    channels: await track.getNumberOfChannels(),
  };
  if (format === MP3) {
    return {
      ...measured,
      container: "mp3",
      contentType: "audio/mpeg",
      durationSeconds: await secondsOfMp3(track),
    };
  }
  if (codec !== "pcm-s16") throw wavSamplesRefused(SAMPLES[codec] ?? "other");
  return {
    ...measured,
    container: "wav",
    contentType: "audio/wav",
    durationSeconds: await track.computeDuration(),
  };
}

/**
 * Looks into a clip, reading no more of it than its headers: of an MP3 every frame's, for nothing else tells its length.
 * @throws {ApiError} reference_unreadable, reference_type_unsupported
 * @throws whatever `clip.readRange` throws
 */
export async function inspectAudio(clip: ClipSource): Promise<AudioFacts> {
  const layout = wavLayoutOf(clip.firstBytes, clip.sizeBytes);
  if (layout.isCompressed) throw wavSamplesRefused("compressed");
  if (layout.isDamaged) throw unreadable();
  Logging.level = LogLevel.Silent;
  let failure: ReadFailure | undefined;
  const readRange = createRangedReader(clip, layout.skipped);
  const read = (start: number, end: number) =>
    readRange(start, end).catch((error) => {
      if (error instanceof ReadFailure) failure = error;
      throw error;
    });
  const input = new Input({
    formats: FORMATS,
    source: new CustomSource({
      getSize: () => layout.end,
      read,
      maxCacheSize: CACHE_BYTES,
      handleUnhandledError: () => {},
    }),
  });
  try {
    const facts = await factsOf(input, read, clip.sizeBytes);
    // To the microsecond: what sums of frames add to that is no sound.
    const durationSeconds = Math.round(facts.durationSeconds * 1e6) / 1e6;
    const numbers = [durationSeconds, facts.sampleRate, facts.channels];
    if (!numbers.every((value) => Number.isFinite(value) && value > 0)) throw unreadable();
    return { ...facts, durationSeconds };
  } catch (error) {
    if (failure) throw failure.cause;
    if (error instanceof ApiError) throw error;
    throw error instanceof UnsupportedInputFormatError ? unknownRefused(clip.firstBytes) : unreadable(error);
  } finally {
    input.dispose();
  }
}
