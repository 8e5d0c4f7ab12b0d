import { type ReadBytes, viewOf } from "./ranged_reader.ts";
import { unreadable } from "./refused_formats.ts";

/** More than any recorder writes: ten fragments a second for ten minutes. */
const MOST_BOXES = 12_000;

/** A box of an MP4, with the range of its content (ISO/IEC 14496-12, 4.2). */
export type Box = { name: string; start: number; end: number };

/** The four-character code at `at`. */
export const nameAt = (view: DataView, at: number) =>
  String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));

/**
 * The box whose header is at `at`; null if the header is invalid.
 * @param position of the header in the file, or in the part in memory
 * @param to the end of a box without a size
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

/** The boxes of a part of the file. Reads only their headers. */
export async function* boxesOf(read: ReadBytes, from: number, to: number): AsyncGenerator<Box> {
  let count = 0;
  for (let at = from; at + 8 <= to;) {
    if (++count > MOST_BOXES) throw unreadable();
    const box = boxAt(viewOf(await read(at, Math.min(at + 16, to))), 0, at, to);
    if (!box) return;
    yield box;
    at = box.end;
  }
}

/** The boxes in memory that lie within `from` and `to`. */
export function* innerBoxes(view: DataView, from: number, to: number): Generator<Box> {
  for (let at = from; at + 8 <= to;) {
    const box = boxAt(view, at, at, to);
    if (!box || box.end > to) return;
    yield box;
    at = box.end;
  }
}

/** Calls `visit` with every box in memory, also inside those named in `holders`. */
export function walk(
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

/** The start of a table's rows and their number, at most as many as there are bytes for. */
export function rowsOf(view: DataView, box: Box, rowBytes: number): { first: number; count: number } {
  const first = box.start + 8;
  const room = Math.max(0, Math.floor((box.end - first) / rowBytes));
  return { first, count: Math.min(view.getUint32(box.start + 4), room) };
}
