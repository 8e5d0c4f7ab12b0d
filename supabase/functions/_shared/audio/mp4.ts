import { type Box, boxesOf, walk } from "./mp4_boxes.ts";
import { addFragment, readTrack, type Track } from "./mp4_track.ts";
import { type ReadBytes, viewOf } from "./ranged_reader.ts";
import { cutShort, unreadable } from "./refused_formats.ts";

/** The sound of an MP4. */
export type Mp4Sound = {
  hasVideo: boolean;
  /** `aac`, or the four-character code of the sample entry. */
  codec: string;
  /** In hertz. */
  sampleRate: number;
  channels: number;
  durationSeconds: number;
};

/** Four times the header of an hour of AAC. */
const MOST_HEADER_BYTES = 1_048_576;

/**
 * The played length of a track in seconds. No edit, nor their sum, counts for more than the samples: some writers count
 * edits in the wrong units.
 */
function heardSeconds(track: Track, movieTimescale: number, isFragmented: boolean): number {
  const { duration, timescale, edits } = track;
  const secondsFrom = (place: number) => Math.max(0, duration - place) / timescale;
  if (edits === null) return secondsFrom(0);
  // With fragments, the list was written before the length was known: only its start counts.
  if (isFragmented) return secondsFrom(edits[0]?.from ?? 0);
  const heard = edits.reduce((total, edit) => {
    const rest = secondsFrom(edit.from);
    const stated = edit.duration === 0 ? rest : edit.duration / movieTimescale;
    // Edits have coarser units: a difference of less than one is none.
    return total + (Math.abs(stated - rest) * movieTimescale <= 1 ? rest : Math.min(stated, rest));
  }, 0);
  return Math.min(heard, secondsFrom(0));
}

/**
 * Whether a track holds moving pictures. A single picture is a cover, and another track's chapters have one picture
 * each.
 */
function isVideo({ kind, samples, id }: Track, tracks: readonly Track[]): boolean {
  return kind === "vide" && samples > 1 && !tracks.some(({ chapters }) => chapters.includes(id));
}

/**
 * Reads the headers of an MP4's boxes, tracks and fragments. It trusts no count beyond the bytes that are there.
 * @throws {ApiError} reference_unreadable
 * @throws the errors of `read`
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
    // Without fragments, the rest adds nothing.
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

  // Recorders write it last, so it is missing after a crash.
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
