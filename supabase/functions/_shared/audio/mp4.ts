import { aacFormat } from "./aac.ts";
import type { ReadBytes } from "./ranged_reader.ts";
import { cutShort, unreadable } from "./refused_formats.ts";

/** What an MP4 tells of its sound. */
export type Mp4Sound = {
  hasVideo: boolean;
  /** `aac`, or the four characters that name the sample entry, whatever they are. */
  codec: string;
  /** In hertz. */
  sampleRate: number;
  channels: number;
  durationSeconds: number;
};

/** A part that is heard: how long, in units of the movie's timescale (0 is to the end), and from where, in the track's. */
type Edit = { duration: number; from: number };
type Box = { name: string; start: number; end: number };
type Track = {
  id: number;
  kind: string;
  timescale: number;
  /** In units of the timescale. */
  duration: number;
  /** How many samples it has: packets of sound, or pictures. */
  samples: number;
  /** The parts of it that are heard; null when no edit list says. */
  edits: Edit[] | null;
  /** The tracks of its chapters. */
  chapters: number[];
  codec: string;
  sampleRate: number;
  channels: number;
  lastChunkAt: number;
};

/** More than any recorder writes: a fragment each tenth of a second for ten minutes. */
const MOST_BOXES = 12_000;
/** A track of an hour of AAC needs a quarter of it. */
const MOST_HEADER_BYTES = 1_048_576;

const nameAt = (view: DataView, at: number) =>
  String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * The box whose header stands at `at`: its name, and where its content begins and ends; null for nonsense.
 * @param position where in the file, or in the part in memory, the header lies
 * @param to where a box without a size ends
 */
function boxAt(view: DataView, at: number, position: number, to: number): Box | null {
  if (view.byteLength < at + 8) return null;
  const short = view.getUint32(at);
  if (short === 1 && view.byteLength < at + 16) return null;
  const size = short === 0 ? to - position : short === 1 ? Number(view.getBigUint64(at + 8)) : short;
  const header = short === 1 ? 16 : 8;
  return size < header
    ? null
    : { name: nameAt(view, at + 4), start: position + header, end: position + size };
}

/** The boxes of a part of the file, of which nothing but their headers is read. */
async function* boxesOf(read: ReadBytes, from: number, to: number): AsyncGenerator<Box> {
  let count = 0;
  for (let at = from; at + 8 <= to;) {
    if (++count > MOST_BOXES) throw unreadable();
    const box = boxAt(viewOf(await read(at, Math.min(at + 16, to))), 0, at, to);
    if (!box) return;
    yield box;
    at = box.end;
  }
}

/** The boxes in memory from `from` to `to`, each inside of it. */
function* innerBoxes(view: DataView, from: number, to: number): Generator<Box> {
  for (let at = from; at + 8 <= to;) {
    const box = boxAt(view, at, at, to);
    if (!box || box.end > to) return;
    yield box;
    at = box.end;
  }
}

/** Calls `visit` with the content of every box in memory, inside those that hold others. */
function walk(
  view: DataView,
  from: number,
  to: number,
  holders: ReadonlySet<string>,
  visit: (box: Box) => void,
) {
  for (const box of innerBoxes(view, from, to)) {
    visit(box);
    if (holders.has(box.name)) walk(view, box.start, box.end, holders, visit);
  }
}

/** In the place of where an edit begins in the media (ISO/IEC 14496-12, 8.6.6). */
const SILENCE = -1;
const TRACK_HOLDERS = new Set(["edts", "tref", "mdia", "minf", "stbl"]);
const FRAGMENT_HOLDERS = new Set(["traf"]);

/** Where the rows of a table begin, and how many there are bytes for, whatever its count says. */
function rowsOf(view: DataView, box: Box, rowBytes: number): { first: number; count: number } {
  const first = box.start + 8;
  const room = Math.max(0, Math.floor((box.end - first) / rowBytes));
  return { first, count: Math.min(view.getUint32(box.start + 4), room) };
}

function readDescription(view: DataView, box: Box, track: Track): void {
  const [entry] = innerBoxes(view, box.start + 8, box.end);
  if (!entry) return;
  const version = view.getUint16(entry.start + 8);
  track.codec = entry.name;
  track.channels = view.getUint16(entry.start + 16);
  track.sampleRate = view.getUint32(entry.start + 24) / 0x10000;
  const inside = entry.start + 28 + (version === 1 ? 16 : version === 2 ? 36 : 0);
  walk(view, inside, entry.end, new Set(["wave"]), (inner) => {
    if (inner.name !== "esds" || entry.name !== "mp4a") return;
    const format = aacFormat(
      new Uint8Array(view.buffer, view.byteOffset + inner.start, inner.end - inner.start),
    );
    if (!format) return;
    track.codec = "aac";
    track.sampleRate = format.sampleRate ?? track.sampleRate;
    track.channels = format.channels ?? track.channels;
  });
}

/** The parts that an edit list has heard, silence left out; null when it has no row. */
function readEdits(view: DataView, box: Box, isLong: boolean): Edit[] | null {
  const rowBytes = isLong ? 20 : 12;
  const { first, count } = rowsOf(view, box, rowBytes);
  const edits: Edit[] = [];
  for (let at = first; at < first + count * rowBytes; at += rowBytes) {
    const from = isLong ? Number(view.getBigInt64(at + 8)) : view.getInt32(at + 4);
    if (from === SILENCE) continue;
    edits.push({
      duration: isLong ? Number(view.getBigUint64(at)) : view.getUint32(at),
      from: Math.max(0, from),
    });
  }
  return count === 0 ? null : edits;
}

function readTrack(view: DataView): Track {
  const track: Track = {
    id: 0,
    kind: "",
    timescale: 0,
    duration: 0,
    samples: 0,
    edits: null,
    chapters: [],
    codec: "",
    sampleRate: 0,
    channels: 0,
    lastChunkAt: 0,
  };
  walk(view, 0, view.byteLength, TRACK_HOLDERS, (box) => {
    const { start } = box;
    const isLong = view.getUint8(start) === 1;
    switch (box.name) {
      case "tkhd":
        track.id = view.getUint32(start + (isLong ? 20 : 12));
        break;
      case "mdhd":
        track.timescale = view.getUint32(start + (isLong ? 20 : 12));
        break;
      case "hdlr":
        // The first is the track's; a second one in `minf`, as QuickTime writers leave it, is of the data.
        track.kind ||= nameAt(view, start + 8);
        break;
      case "stsd":
        readDescription(view, box, track);
        break;
      case "elst":
        track.edits = readEdits(view, box, isLong) ?? track.edits;
        break;
      case "chap":
        for (let at = start; at + 4 <= box.end; at += 4) track.chapters.push(view.getUint32(at));
        break;
      case "stts": {
        const { first, count } = rowsOf(view, box, 8);
        for (let at = first; at < first + count * 8; at += 8) {
          track.samples += view.getUint32(at);
          track.duration += view.getUint32(at) * view.getUint32(at + 4);
        }
        break;
      }
      case "stco":
      case "co64": {
        const width = box.name === "stco" ? 4 : 8;
        const { first, count } = rowsOf(view, box, width);
        for (let at = first; at < first + count * width; at += width) {
          const place = width === 4 ? view.getUint32(at) : Number(view.getBigUint64(at));
          track.lastChunkAt = Math.max(track.lastChunkAt, place);
        }
      }
    }
  });
  return track;
}

/** Adds the samples of one fragment to the tracks that they are of. */
function addFragment(
  view: DataView,
  tracks: readonly Track[],
  usualDurations: ReadonlyMap<number, number>,
): void {
  let track: Track | undefined;
  let each = 0;
  walk(view, 0, view.byteLength, FRAGMENT_HOLDERS, ({ name, start, end }) => {
    if (name === "tfhd") {
      const flags = view.getUint32(start) & 0xffffff;
      const id = view.getUint32(start + 4);
      track = tracks.find((one) => one.id === id);
      const at = start + 8 + (flags & 1 ? 8 : 0) + (flags & 2 ? 4 : 0);
      each = flags & 8 ? view.getUint32(at) : usualDurations.get(id) ?? 0;
    } else if (name === "trun" && track) {
      const flags = view.getUint32(start) & 0xffffff;
      const count = view.getUint32(start + 4);
      const first = start + 8 + (flags & 1 ? 4 : 0) + (flags & 4 ? 4 : 0);
      const rowBytes = 4 * [0x100, 0x200, 0x400, 0x800].filter((flag) => flags & flag).length;
      track.samples += count;
      if (!(flags & 0x100)) {
        track.duration += count * each;
        return;
      }
      for (let row = 0, at = first; row < count && at + 4 <= end; row++, at += rowBytes) {
        track.duration += view.getUint32(at);
      }
    }
  });
}

/**
 * How much of a track is heard, in seconds: of each edit no more than there are samples for, whatever it says, and of all
 * together no more than there are. Some writers count an edit in the wrong units.
 */
function heardSeconds(track: Track, movieTimescale: number, isFragmented: boolean): number {
  const { duration, timescale, edits } = track;
  const secondsFrom = (place: number) => Math.max(0, duration - place) / timescale;
  if (edits === null) return secondsFrom(0);
  // In fragments the list was written before its length was known: it tells where to begin, and nothing more.
  if (isFragmented) return secondsFrom(edits[0]?.from ?? 0);
  const heard = edits.reduce((total, edit) => {
    const rest = secondsFrom(edit.from);
    const told = edit.duration === 0 ? rest : edit.duration / movieTimescale;
    // Edits are counted in coarser units: within one they say the same.
    return total + (Math.abs(told - rest) * movieTimescale <= 1 ? rest : Math.min(told, rest));
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
 * Reads what an MP4 tells of its sound: the headers of its boxes, its tracks, and of a clip in fragments the header of
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
    // Nothing behind it tells more of a clip that is whole.
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
