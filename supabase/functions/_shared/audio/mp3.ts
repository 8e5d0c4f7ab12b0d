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
  MPEG_TS,
  OGG,
  UnsupportedInputFormatError,
  WEBM,
} from "mediabunny";
import type { ReadBytes } from "./ranged_reader.ts";
import { formatRefused, unknownRefused, unreadable } from "./refused_formats.ts";

/** What an MP3 tells of its sound. */
export type Mp3Sound = { sampleRate: number; channels: number; durationSeconds: number };

/** Formats that are told apart so that a refusal can name them. HLS is left out: its playlists name other files. */
const NAMES = new Map<InputFormat, string>([
  [WEBM, "WebM"],
  [MATROSKA, "Matroska"],
  [OGG, "Ogg"],
  [FLAC, "FLAC"],
  [ADTS, "AAC (ADTS)"],
  [MPEG_TS, "MPEG-TS"],
]);

/** An MP3 is read frame by frame up to here, in seconds; the rest is reckoned, for it is far too long already. */
const FRAMES_READ_SECONDS = 120;

/** What mediabunny keeps of a clip, in bytes: it reads forward, and little at a time. */
const CACHE_BYTES = 1_048_576;

/** Neither a header that promises more than there is nor a missing one can lead astray whoever reads every frame. */
async function secondsOf(track: InputAudioTrack): Promise<number> {
  let end = 0;
  for await (
    const packet of new EncodedPacketSink(track).packets(undefined, undefined, { metadataOnly: true })
  ) {
    end = packet.timestamp + packet.duration;
    if (end > FRAMES_READ_SECONDS) return Math.max(end, await track.getDurationFromMetadata() ?? 0);
  }
  return end;
}

/**
 * Reads an MP3, every frame of it; other formats are refused by their name.
 * @param sizeBytes the length of the file
 * @throws {ApiError} reference_unreadable, reference_type_unsupported; and whatever mediabunny and `read` throw
 */
export async function readMp3(read: ReadBytes, sizeBytes: number, firstBytes: Uint8Array): Promise<Mp3Sound> {
  Logging.level = LogLevel.Silent;
  const input = new Input({
    formats: [MP3, ...NAMES.keys()],
    source: new CustomSource({
      getSize: () => sizeBytes,
      read,
      maxCacheSize: CACHE_BYTES,
      handleUnhandledError: () => {},
    }),
  });
  try {
    const name = NAMES.get(await input.getFormat());
    if (name) throw formatRefused(name);
    const track = await input.getPrimaryAudioTrack();
    if (!track) throw unreadable();
    return {
      sampleRate: await track.getSampleRate(),
      channels: await track.getNumberOfChannels(),
      durationSeconds: await secondsOf(track),
    };
  } catch (error) {
    throw error instanceof UnsupportedInputFormatError ? unknownRefused(firstBytes) : error;
  } finally {
    input.dispose();
  }
}
