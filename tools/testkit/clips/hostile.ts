import { box, fileType, fullBox, table } from "./boxes.ts";
import { bigEndian, type Bytes, join, repeat } from "./bytes.ts";
import { fragmentedM4a, indexRow, lastIndex } from "./m4a_fragments.ts";
import { m4a } from "./m4a.ts";
import { mp3 } from "./mp3.ts";
import { chunk, wav } from "./wav.ts";

/** A file made to harm whoever reads it: to keep it busy, to fill its memory, or to have it read far too much. */
export type HostileClip = { name: string; bytes: () => Bytes };

const MOST = 0xffffffff;
const FILE_TYPE = fileType("M4A ", ["M4A ", "isom"]);

/** Names of metadata, each of which says that it takes no bytes at all. */
const keysOfNoLength = box("meta", bigEndian(4, 0), fullBox("keys", 0, 0, bigEndian(4, MOST, 0, 0)));

/** A movie that says it is told in fragments, and has none. */
function withoutFragments(): Bytes {
  const clip = fragmentedM4a({ seconds: 1 });
  return clip.slice(0, String.fromCharCode(...clip).indexOf("moof") - 4);
}

/** An index of fragments that leads to 4 MB without one, again and again. */
function lyingIndex(): Bytes {
  const movie = withoutFragments();
  const rows = Array.from({ length: 300 }, (_, time) => indexRow(time, movie.length));
  return join(movie, repeat(box("free", new Uint8Array(199_992)), 20), lastIndex(join(...rows)));
}

/** Boxes one inside the other. */
function nested(depth: number): Bytes {
  const bytes = repeat("\0\0\0\0mdia", depth);
  const view = new DataView(bytes.buffer);
  for (let level = 0; level < depth; level++) view.setUint32(level * 8, (depth - level) * 8);
  return bytes;
}

/** As many remarks as fit, each named by a number and empty. */
function manyRemarks(count: number): Bytes {
  const bytes = repeat("\0\0\0\0\0\0\0\0", count);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < count; index++) view.setUint32(index * 8, index);
  return join("INFO", bytes);
}

/** Hostile files by value, by what is wrong with them. */
export const HOSTILE_CLIPS: readonly HostileClip[] = [
  {
    name: "samples without end, each with a time of its own",
    bytes: () => m4a({ tables: { stts: [[MOST, 1]] }, moreInTable: [table("ctts", [[1, 0]])] }),
  },
  {
    name: "offsets without end for few samples",
    bytes: () => m4a({ moreInTable: [table("ctts", Array.from({ length: 1_000 }, () => [MOST, 0]))] }),
  },
  {
    name: "sizes without end, of no bits each",
    bytes: () => m4a({ moreInTable: [fullBox("stz2", 0, 0, bigEndian(4, 0, MOST))] }),
  },
  { name: "a chunk of samples without end", bytes: () => m4a({ tables: { stsc: [[1, MOST, 1]] } }) },
  { name: "names of metadata without end", bytes: () => m4a({ moreInMoov: [keysOfNoLength] }) },
  { name: "such names inside another box", bytes: () => m4a({ moreInMoov: [box("mdia", keysOfNoLength)] }) },
  {
    name: "such names behind the audio",
    bytes: () => m4a({ moov: "last", seconds: 30, moreInMoov: [keysOfNoLength] }),
  },
  {
    name: "ids of keys without end",
    bytes: () => m4a({ moreInMoov: [fullBox("pssh", 1, 0, bigEndian(4, 0, 0, 0, 0, MOST))] }),
  },
  { name: "a fragment of samples without end", bytes: () => fragmentedM4a({ statedSamples: MOST }) },
  {
    name: "2,000 fragments of a million samples",
    bytes: () => fragmentedM4a({ seconds: 2_000, packetBytes: 1, statedSamples: 1_000_000 }),
  },
  {
    name: "an index of 200,000 entries at one time",
    bytes: () => join(fragmentedM4a(), lastIndex(repeat(indexRow(5, 0), 200_000))),
  },
  {
    name: "an index that leads to 4 MB without a fragment 300 times",
    bytes: lyingIndex,
  },
  {
    name: "more rows than bytes in every table",
    bytes: () =>
      m4a({ moreInTable: ["stts", "stsz", "stsc", "stco", "stss"].map((name) => table(name, [], MOST)) }),
  },
  { name: "1.2 million empty boxes", bytes: () => join(FILE_TYPE, repeat("\0\0\0\x08free", 1_200_000)) },
  {
    name: "boxes that end where they begin",
    bytes: () => join(FILE_TYPE, repeat(join(bigEndian(4, 1), "free", bigEndian(8, 0)), 1_000)),
  },
  { name: "50,000 boxes one inside the other", bytes: () => join(FILE_TYPE, box("moov", nested(50_000))) },
  {
    name: "a million tracks",
    bytes: () => join(FILE_TYPE, box("moov", repeat("\0\0\0\x08trak", 1_000_000))),
  },
  {
    name: "1.2 million empty chunks",
    bytes: () => wav({ beforeFormat: [repeat("junk\0\0\0\0", 1_200_000)] }),
  },
  {
    name: "a million empty remarks",
    bytes: () => wav({ beforeFormat: [chunk("LIST", manyRemarks(1_000_000))] }),
  },
  {
    name: "remarks of 9 MB",
    bytes: () => wav({ beforeFormat: [chunk("LIST", join("INFO", chunk("ICMT", repeat("A", 9_000_000))))] }),
  },
  { name: "900,000 empty tags", bytes: () => join(repeat("ID3\x03\0\0\0\0\0\0", 900_000), mp3()) },
  {
    name: "900,000 empty tags behind zeros",
    bytes: () => join(new Uint8Array(5_000), repeat("ID3\x03\0\0\0\0\0\0", 900_000), mp3()),
  },
  {
    name: "9 MB of three frames in a row and a byte between",
    bytes: () => join(new Uint8Array(5_000), repeat(join(mp3({ frames: 3, bitRates: [8] }), "\0"), 123_000)),
  },
  {
    name: "9 MB that may each be the start of a frame",
    bytes: () => mp3({ after: [repeat("\xff", 9_000_000)] }),
  },
  { name: "400,000 frames of 24 bytes", bytes: () => repeat(mp3({ frames: 1, bitRates: [8] }), 400_000) },
  {
    name: "40,000 summaries of frames",
    bytes: () => repeat(mp3({ frames: 0, summary: "Xing", statedFrames: MOST }), 40_000),
  },
];
