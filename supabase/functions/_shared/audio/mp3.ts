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
import { findFrames } from "./mp3_frames.ts";
import type { ReadBytes } from "./ranged_reader.ts";
import { formatRefused, knownRefused, unreadable } from "./refused_formats.ts";

/** The sound of an MP3. */
export type Mp3Sound = { sampleRate: number; channels: number; durationSeconds: number };

/** Formats recognized to name them in refusals. Without HLS: its playlists name other files. */
const NAMES = new Map<InputFormat, string>([
  [WEBM, "WebM"],
  [MATROSKA, "Matroska"],
  [OGG, "Ogg"],
  [FLAC, "FLAC"],
  [ADTS, "AAC (ADTS)"],
  [MPEG_TS, "MPEG-TS"],
]);

/** How much of an MP3 is read frame by frame, in seconds. A longer one is too long anyway, so its length is estimated. */
const FRAMES_READ_SECONDS = 120;

/** mediabunny's cache, in bytes: it reads forward in small steps. */
const CACHE_BYTES = 1_048_576;

/** Reads every frame: the header may be wrong or missing. */
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

type Mp3Source = { start: number; end: number; firstBytes: Uint8Array };

/** What mediabunny reads from `start` on; null if it recognizes no format. */
async function soundFrom(read: ReadBytes, start: number, end: number): Promise<Mp3Sound | null> {
  const input = new Input({
    formats: [MP3, ...NAMES.keys()],
    source: new CustomSource({
      getSize: () => end - start,
      read: (from, to) => read(start + from, start + to),
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
    if (error instanceof UnsupportedInputFormatError) return null;
    throw error;
  } finally {
    input.dispose();
  }
}

/**
 * Reads an MP3, and refuses other formats by name. mediabunny finds the first frame within 4 KiB of the last tag;
 * `findFrames` finds later ones.
 * @throws {ApiError} reference_unreadable, reference_type_unsupported
 * @throws the errors of mediabunny and `read`
 */
export async function readMp3(read: ReadBytes, { start, end, firstBytes }: Mp3Source): Promise<Mp3Sound> {
  Logging.level = LogLevel.Silent;
  if (start >= end) throw unreadable();
  const sound = await soundFrom(read, start, end);
  if (sound) return sound;
  const refused = knownRefused(firstBytes);
  if (refused) throw refused;
  const frames = await findFrames(read, start, end);
  const found = frames === null ? null : await soundFrom(read, frames, end);
  if (!found) throw unreadable();
  return found;
}
