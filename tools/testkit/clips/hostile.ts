import { type Bytes, join, repeat, u32, u64, zeros } from "./binary.ts";
import { box, fileType, fullBox, table } from "./m4a_boxes.ts";
import { fragmentedM4a, indexRow, lastIndex } from "./write_fragmented_m4a.ts";
import { m4a } from "./write_m4a.ts";
import { mp3 } from "./write_mp3.ts";
import { chunk, wav } from "./write_wav.ts";

const MOST = 0xffffffff;
const FILE_TYPE = fileType("M4A ", ["M4A ", "isom"]);

/** Names of metadata, each of which says that it takes no bytes at all. */
const keysOfNoLength = box("meta", u32(0), fullBox("keys", 0, 0, u32(MOST, 0, 0)));

/** A movie that says it is told in fragments, and has none. */
function withoutFragments(): Bytes {
  const clip = fragmentedM4a({ seconds: 1 });
  return clip.slice(0, String.fromCharCode(...clip).indexOf("moof") - 4);
}

/** An index of fragments that leads to 4 MB without one, again and again. */
function lyingIndex(): Bytes {
  const movie = withoutFragments();
  const rows = Array.from({ length: 300 }, (_, time) => indexRow(time, movie.length));
  return join(movie, repeat(box("free", zeros(199_992)), 20), lastIndex(join(...rows)));
}

function nested(depth: number): Bytes {
  const bytes = repeat("\0\0\0\0mdia", depth);
  const view = new DataView(bytes.buffer);
  for (let level = 0; level < depth; level++) view.setUint32(level * 8, (depth - level) * 8);
  return bytes;
}

function manyRemarks(count: number): Bytes {
  const bytes = repeat("\0\0\0\0\0\0\0\0", count);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < count; index++) view.setUint32(index * 8, index);
  return join("INFO", bytes);
}

/** Files made to keep a reader busy, to fill its memory or to make it read far too much, by what is wrong with them. */
export const HOSTILE_CLIPS: Readonly<Record<string, () => Bytes>> = {
  "samples without end, each with a time of its own": () =>
    m4a({ tables: { stts: [[MOST, 1]] }, moreInTable: [table("ctts", [[1, 0]])] }),
  "offsets without end for few samples": () =>
    m4a({ moreInTable: [table("ctts", Array.from({ length: 1_000 }, () => [MOST, 0]))] }),
  "sizes without end, of no bits each": () => m4a({ moreInTable: [fullBox("stz2", 0, 0, u32(0, MOST))] }),
  "a chunk of samples without end": () => m4a({ tables: { stsc: [[1, MOST, 1]] } }),
  "names of metadata without end": () => m4a({ moreInMoov: [keysOfNoLength] }),
  "such names inside another box": () => m4a({ moreInMoov: [box("mdia", keysOfNoLength)] }),
  "such names behind the audio": () => m4a({ moov: "last", seconds: 30, moreInMoov: [keysOfNoLength] }),
  "ids of keys without end": () => m4a({ moreInMoov: [fullBox("pssh", 1, 0, u32(0, 0, 0, 0, MOST))] }),
  "a fragment of samples without end": () => fragmentedM4a({ statedSamples: MOST }),
  "2,000 fragments of a million samples": () =>
    fragmentedM4a({ seconds: 2_000, packetBytes: 1, statedSamples: 1_000_000 }),
  "an index of 200,000 entries at one time": () =>
    join(fragmentedM4a(), lastIndex(repeat(indexRow(5, 0), 200_000))),
  "an index that leads to 4 MB without a fragment 300 times": lyingIndex,
  "more rows than bytes in every table": () =>
    m4a({ moreInTable: ["stts", "stsz", "stsc", "stco", "stss"].map((name) => table(name, [], MOST)) }),
  "1.2 million empty boxes": () => join(FILE_TYPE, repeat("\0\0\0\x08free", 1_200_000)),
  "boxes that end where they begin": () => join(FILE_TYPE, repeat(join(u32(1), "free", u64(0)), 1_000)),
  "50,000 boxes one inside the other": () => join(FILE_TYPE, box("moov", nested(50_000))),
  "a million tracks": () => join(FILE_TYPE, box("moov", repeat("\0\0\0\x08trak", 1_000_000))),
  "1.2 million empty chunks": () => wav({ beforeFormat: [repeat("junk\0\0\0\0", 1_200_000)] }),
  "a million empty remarks": () => wav({ beforeFormat: [chunk("LIST", manyRemarks(1_000_000))] }),
  "remarks of 9 MB": () =>
    wav({ beforeFormat: [chunk("LIST", join("INFO", chunk("ICMT", repeat("A", 9_000_000))))] }),
  "900,000 empty tags": () => join(repeat("ID3\x03\0\0\0\0\0\0", 900_000), mp3()),
  "900,000 empty tags behind zeros": () => join(zeros(5_000), repeat("ID3\x03\0\0\0\0\0\0", 900_000), mp3()),
  "9 MB of three frames in a row and a byte between": () =>
    join(zeros(5_000), repeat(join(mp3({ frames: 3, bitRates: [8] }), "\0"), 123_000)),
  "9 MB that may each be the start of a frame": () => mp3({ after: [repeat("\xff", 9_000_000)] }),
  "400,000 frames of 24 bytes": () => repeat(mp3({ frames: 1, bitRates: [8] }), 400_000),
  "40,000 summaries of frames": () => repeat(mp3({ frames: 0, summary: "Xing", statedFrames: MOST }), 40_000),
};
