import type { ReadBytes } from "./ranged_reader.ts";
import { unreadable } from "./refused_formats.ts";

/** More than any recorder writes: a fragment each tenth of a second for ten minutes. */
const MOST_BOXES = 12_000;
/** A box of an MP4 (ISO/IEC 14496-12, 4.2): its name, and where its content begins and ends. */
export type Box = { name: string; start: number; end: number };
/** The four characters that stand at `at`. */
export const nameAt = (view: DataView, at: number) =>
  String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));

/** These bytes as numbers. */
export const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

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

/** The boxes in memory from `from` to `to`, each inside of it. */
export function* innerBoxes(view: DataView, from: number, to: number): Generator<Box> {
  for (let at = from; at + 8 <= to;) {
    const box = boxAt(view, at, at, to);
    if (!box || box.end > to) return;
    yield box;
    at = box.end;
  }
}

/** Calls `visit` with the content of every box in memory, inside those that hold others. */
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

/** Where the rows of a table begin, and how many there are bytes for, whatever its count says. */
export function rowsOf(view: DataView, box: Box, rowBytes: number): { first: number; count: number } {
  const first = box.start + 8;
  const room = Math.max(0, Math.floor((box.end - first) / rowBytes));
  return { first, count: Math.min(view.getUint32(box.start + 4), room) };
}
