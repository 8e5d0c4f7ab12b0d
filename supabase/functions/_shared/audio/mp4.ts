import { type Box, boxesOf, viewOf, walk } from "./mp4_boxes.ts";
import { addFragment, readTrack, type Track } from "./mp4_track.ts";
import type { ReadBytes } from "./ranged_reader.ts";
import { cutShort, unreadable } from "./refused_formats.ts";

/** The sound of an MP4. */
export type Mp4Sound = {
  hasVideo: boolean;
  /** `aac`, or the four characters that name the sample entry, whatever they are. */
  codec: string;
  /** In hertz. */
  sampleRate: number;
  channels: number;
  durationSeconds: number;
};

/** A track of an hour of AAC needs a quarter of it. */
const MOST_HEADER_BYTES = 1_048_576;

/**
 * How much of a track is heard, in seconds: of each edit no more than there are samples for, whatever it says, and of all
 * together no more than there are. Some writers count an edit in the wrong units.
 */
function heardSeconds(track: Track, movieTimescale: number, isFragmented: boolean): number {
  const { duration, timescale, edits } = track;
  const secondsFrom = (place: number) => Math.max(0, duration - place) / timescale;
  if (edits === null) return secondsFrom(0);
  // In fragments the list was written before its length was known: it says where to begin, and nothing more.
  if (isFragmented) return secondsFrom(edits[0]?.from ?? 0);
  const heard = edits.reduce((total, edit) => {
    const rest = secondsFrom(edit.from);
    const stated = edit.duration === 0 ? rest : edit.duration / movieTimescale;
    // Edits are counted in coarser units: within one they say the same.
    return total + (Math.abs(stated - rest) * movieTimescale <= 1 ? rest : Math.min(stated, rest));
  }, 0);
  return Math.min(heard, secondsFrom(0));
}

/**
 * Whether a track holds moving pictures. One picture alone is a cover, as some taggers and converters keep it, and a track
 * that another one names as its chapters holds a picture for each.
 */
function isVideo({ kind, samples, id }: Track, tracks: readonly Track[]): boolean {
  return kind === "vide" && samples > 1 && !tracks.some(({ chapters }) => chapters.includes(id));
}

/**
 * Reads what an MP4 says of its sound: the headers of its boxes, its tracks, and of a clip in fragments the header of
 * each. No count in it is trusted: nothing is done more often than there are bytes for it.
 * @param end the length of the file
 * @throws {ApiError} reference_unreadable
 * @throws whatever `read` throws
 */
export async function readMp4(read: ReadBytes, end: number): Promise<Mp4Sound> {
  const tracks: Track[] = [];
  const usualDurations = new Map<number, number>();
  let movieTimescale = 0;
  let hasMovie = false;
  let isFragmented = false;
  const load = async (box: Box) => {
    if (box.end > end) throw cutShort();
    if (box.end - box.start > MOST_HEADER_BYTES) throw unreadable();
    return viewOf(await read(box.start, box.end));
  };

  for await (const box of boxesOf(read, 0, end)) {
    if (box.name === "mdat" && box.end > end) throw cutShort();
    // Nothing behind it says more of a clip that is whole.
    if (box.name === "mdat" && tracks.length > 0 && !isFragmented) break;
    if (box.name === "moov" && tracks.length === 0) {
      if (box.end > end) throw cutShort();
      hasMovie = true;
      for await (const inner of boxesOf(read, box.start, box.end)) {
        if (inner.name === "trak" && tracks.length < 10) tracks.push(readTrack(await load(inner)));
        if (inner.name === "mvhd") {
          const view = await load(inner);
          movieTimescale = view.getUint32(view.getUint8(0) === 1 ? 20 : 12);
        }
        if (inner.name !== "mvex") continue;
        isFragmented = true;
        const view = await load(inner);
        walk(view, 0, view.byteLength, new Set(), ({ name, start }) => {
          if (name === "trex") usualDurations.set(view.getUint32(start + 4), view.getUint32(start + 12));
        });
      }
    }
    if (box.name === "moof" && tracks.length > 0) addFragment(await load(box), tracks, usualDurations);
  }

  // It is written last, unless the recorder was killed.
  if (!hasMovie) throw cutShort();
  const sound = tracks.find(({ kind }) => kind === "soun");
  if (!sound || sound.timescale === 0) throw unreadable();
  if (sound.lastChunkAt >= end) throw cutShort();
  return {
    hasVideo: tracks.some((track) => isVideo(track, tracks)),
    codec: sound.codec,
    sampleRate: sound.sampleRate,
    channels: sound.channels,
    durationSeconds: heardSeconds(sound, movieTimescale, isFragmented),
  };
}
