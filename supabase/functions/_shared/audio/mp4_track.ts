import { aacFormat } from "./aac.ts";
import { type Box, innerBoxes, nameAt, rowsOf, walk } from "./mp4_boxes.ts";

/** A played part: its length in the movie's timescale (0 means to the end), and its start in the track's. */
type Edit = { duration: number; from: number };

/** A track, summed up from its headers and fragments. */
export type Track = {
  id: number;
  kind: string;
  timescale: number;
  /** In units of the timescale. */
  duration: number;
  /** The number of audio packets or pictures. */
  samples: number;
  /** The played parts; null without an edit list. */
  edits: Edit[] | null;
  /** The ids of its chapter tracks. */
  chapters: number[];
  codec: string;
  sampleRate: number;
  channels: number;
  lastChunkAt: number;
};

/** The start of an empty edit (ISO/IEC 14496-12, 8.6.6). */
const SILENCE = -1;
const TRACK_HOLDERS = new Set(["edts", "tref", "mdia", "minf", "stbl"]);
const FRAGMENT_HOLDERS = new Set(["traf"]);

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

/** The edits of an edit list, without silence; null if it is empty. */
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

/** Reads the content of a `trak` box. */
export function readTrack(view: DataView): Track {
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
        // The first one is the track's. QuickTime writers add another in `minf`, for the data.
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

/** Adds the samples of a fragment to their tracks. */
export function addFragment(
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
