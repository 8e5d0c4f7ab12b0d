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

type Box = { name: string; start: number; end: number };
type Track = {
  id: number;
  kind: string;
  timescale: number;
  /** In units of the timescale. */
  duration: number;
  /** Samples at the beginning that are not heard, in units of the timescale. */
  delay: number;
  /** How much of it is heard, in units of the movie's timescale; 0 when no edit list says. */
  heard: number;
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

const TRACK_HOLDERS = new Set(["edts", "mdia", "minf", "stbl"]);
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

function readTrack(view: DataView): Track {
  const track: Track = {
    id: 0,
    kind: "",
    timescale: 0,
    duration: 0,
    delay: 0,
    heard: 0,
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
      case "elst": {
        const { count } = rowsOf(view, box, isLong ? 20 : 12);
        for (let row = 0; row < count; row++) {
          const at = start + 8 + row * (isLong ? 20 : 12);
          const from = isLong ? Number(view.getBigInt64(at + 8)) : view.getInt32(at + 4);
          if (from < 0) continue;
          if (track.heard === 0) track.delay = from;
          track.heard += isLong ? Number(view.getBigUint64(at)) : view.getUint32(at);
        }
        break;
      }
      case "stts": {
        const { first, count } = rowsOf(view, box, 8);
        for (let at = first; at < first + count * 8; at += 8) {
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

/** How long the samples of one fragment of a track last, in units of its timescale. */
function durationOfFragment(view: DataView, trackId: number, usualDuration: number): number {
  let total = 0;
  let isOurs = false;
  let each = usualDuration;
  walk(view, 0, view.byteLength, FRAGMENT_HOLDERS, ({ name, start, end }) => {
    if (name === "tfhd") {
      const flags = view.getUint32(start) & 0xffffff;
      isOurs = view.getUint32(start + 4) === trackId;
      const at = start + 8 + (flags & 1 ? 8 : 0) + (flags & 2 ? 4 : 0);
      each = flags & 8 ? view.getUint32(at) : usualDuration;
    } else if (name === "trun" && isOurs) {
      const flags = view.getUint32(start) & 0xffffff;
      const count = view.getUint32(start + 4);
      const first = start + 8 + (flags & 1 ? 4 : 0) + (flags & 4 ? 4 : 0);
      const rowBytes = 4 * [0x100, 0x200, 0x400, 0x800].filter((flag) => flags & flag).length;
      if (!(flags & 0x100)) {
        total += count * each;
        return;
      }
      for (let row = 0, at = first; row < count && at + 4 <= end; row++, at += rowBytes) {
        total += view.getUint32(at);
      }
    }
  });
  return total;
}

/** The samples' length, unless the edits tell another one: a clip that was trimmed keeps what is not heard. */
function heardSeconds(sampled: number, heard: number, movieTimescale: number): number {
  const edited = heard / movieTimescale;
  // Edits are counted in coarser units: within one they say the same.
  return heard > 0 && Math.abs(edited - sampled) * movieTimescale > 1 ? edited : sampled;
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
  let isFragmented = false;
  let fragments = 0;
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
    const sound = tracks.find(({ kind }) => kind === "soun");
    if (box.name === "moof" && sound) {
      fragments += durationOfFragment(await load(box), sound.id, usualDurations.get(sound.id) ?? 0);
    }
  }

  const sound = tracks.find(({ kind }) => kind === "soun");
  if (!sound) throw unreadable();
  if (sound.lastChunkAt >= end) throw cutShort();
  return {
    hasVideo: tracks.some(({ kind }) => kind === "vide"),
    codec: sound.codec,
    sampleRate: sound.sampleRate,
    channels: sound.channels,
    durationSeconds: heardSeconds(
      (sound.duration + fragments - sound.delay) / sound.timescale,
      isFragmented ? 0 : sound.heard,
      movieTimescale,
    ),
  };
}
