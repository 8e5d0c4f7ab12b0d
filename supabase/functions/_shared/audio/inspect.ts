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
import { layoutOf } from "./layout.ts";
import { type ClipSource, createRangedReader, ReadFailure } from "./ranged_reader.ts";
import { codecRefused, cutShort, formatRefused, unknownRefused, unreadable } from "./refused_formats.ts";

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

/** What an M4A holds: AAC, or Apple's lossless. */
const M4A_CODECS = new Set(["aac", "alac"]);

/** An MP3 is read frame by frame up to here, in seconds; the rest is reckoned, for it is far too long already. */
const FRAMES_READ_SECONDS = 120;

/** What mediabunny keeps of a clip, in bytes: it reads forward, and little at a time. */
const CACHE_BYTES = 1_048_576;

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

async function factsOf(input: Input): Promise<AudioFacts> {
  const format = await input.getFormat();
  const refusedName = NAMES.get(format);
  if (refusedName) throw formatRefused(refusedName);

  const track = await input.getPrimaryAudioTrack();
  if (!track) throw unreadable();
  const codec = await track.getCodec() ?? "unknown";
  const measured = {
    codec,
    sampleRate: await track.getSampleRate(),
    channels: await track.getNumberOfChannels(),
  };
  switch (format) {
    case WAVE:
      if (codec !== "pcm-s16") {
        throw codecRefused(
          `This WAV holds ${SAMPLES[codec] ?? "other"} samples; save it with 16 bits, or upload MP3 or M4A.`,
        );
      }
      return {
        ...measured,
        container: "wav",
        contentType: "audio/wav",
        durationSeconds: await track.computeDuration(),
      };
    case MP3:
      return {
        ...measured,
        container: "mp3",
        contentType: "audio/mpeg",
        durationSeconds: await secondsOfMp3(track),
      };
    default:
      if ((await input.getVideoTracks()).length > 0) {
        throw codecRefused("This is a video; upload its sound as WAV, MP3 or M4A.");
      }
      if (!M4A_CODECS.has(codec)) {
        throw codecRefused(
          `This MP4 holds ${
            codec === "unknown" ? "another codec" : codec
          } instead of AAC; upload WAV, MP3 or M4A.`,
        );
      }
      return {
        ...measured,
        container: "m4a",
        contentType: "audio/mp4",
        durationSeconds: await track.computeDuration(),
      };
  }
}

/**
 * Looks into a clip, reading no more of it than its headers: of an MP3 every frame's, for nothing else tells its length.
 * @throws {ApiError} reference_unreadable, reference_type_unsupported
 * @throws whatever `clip.readRange` throws
 */
export async function inspectAudio(clip: ClipSource): Promise<AudioFacts> {
  const layout = layoutOf(clip.firstBytes, clip.sizeBytes);
  if (layout.isCutShort) throw cutShort();
  Logging.level = LogLevel.Silent;
  let failure: ReadFailure | undefined;
  const read = createRangedReader(clip, layout.skipped);
  const input = new Input({
    formats: FORMATS,
    source: new CustomSource({
      getSize: () => layout.end,
      read: (start, end) =>
        read(start, end).catch((error) => {
          if (error instanceof ReadFailure) failure = error;
          throw error;
        }),
      maxCacheSize: CACHE_BYTES,
      handleUnhandledError: () => {},
    }),
  });
  try {
    const facts = await factsOf(input);
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
