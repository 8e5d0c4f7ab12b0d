// Clips with something wrong in them, as fast-check makes and shrinks them.
import fc from "fast-check";
import { box, fileType, fullBox, table } from "../clips/m4a_boxes.ts";
import { type Bytes, join, le32, noise, u32 } from "../clips/binary.ts";
import { REFUSED_FILES } from "../clips/corpus_refused.ts";
import { fragmentedM4a } from "../clips/write_fragmented_m4a.ts";
import { m4a } from "../clips/write_m4a.ts";
import { id3v1, id3v2, mp3 } from "../clips/write_mp3.ts";
import { chunk, remarks, wav } from "../clips/write_wav.ts";

const WHOLE: readonly Bytes[] = [
  wav({ seconds: 0.1 }),
  wav({ seconds: 0.1, extensible: true, beforeFormat: [remarks(200)], afterData: [remarks(200)] }),
  wav({ seconds: 0.1, container: "RF64", beforeData: [chunk("JUNK", noise(28))] }),
  mp3({ frames: 20 }),
  mp3({
    frames: 20,
    bitRates: [32, 64, 160],
    summary: "Xing",
    before: [id3v2({ size: 300 })],
    after: [id3v1()],
  }),
  mp3({
    frames: 10,
    sampleRate: 44_100,
    bitRates: [128],
    mode: "joint",
    summary: "VBRI",
    between: { 4: noise(90) },
  }),
  m4a({ seconds: 2, packetBytes: 20 }),
  m4a({ seconds: 2, packetBytes: 20, moov: "last", coverBytes: 300, delay: 2_112, wideData: true }),
  m4a({ seconds: 2, packetBytes: 20, moreInTable: [table("ctts", [[47, 0]]), table("stss", [[1], [2]])] }),
  m4a({ seconds: 2, packetBytes: 20, video: true }),
  m4a({ seconds: 2, packetBytes: 20, codec: "alac" }),
  fragmentedM4a({ seconds: 3, packetBytes: 20 }),
  fragmentedM4a({ seconds: 3, packetBytes: 20, index: true, lastIndex: true, statesDuration: true }),
  fragmentedM4a({ seconds: 3, packetBytes: 20, statedSamples: 23 }),
];
const OTHERS: readonly Bytes[] = REFUSED_FILES.map(({ bytes }) => bytes().slice(0, 1_000));

const whole = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...WHOLE) },
  { weight: 1, arbitrary: fc.constantFrom(...OTHERS) },
);

/** Names in front of sizes and counts: the fields behind and in front of them are worth more than any other byte. */
const NAMES =
  ("RIFF RF64 ds64 fmt data LIST ICMT ID3 Xing Info VBRI ftyp moov mvhd trak tkhd elst mdia mdhd stbl stsd mp4a esds " +
    "alac stts ctts stss stsz stsc stco meta ilst mvex trex sidx moof traf tfhd tfdt trun mfra tfra mfro mdat")
    .split(" ");

const HOSTILE_NUMBERS = [
  ...[0, 1, 2, 7, 8, 9, 15, 16, 17, 0x7f, 0xff, 0x7fff, 0xffff, 0x10000],
  ...[0xffffff, 0x7fffffff, 0x80000000, 0xfffffff0, 0xfffffff7, 0xffffffff],
];

function placesIn(bytes: Bytes): number[] {
  const text = String.fromCharCode(...bytes);
  return [0, ...NAMES.flatMap((name) => [...text.matchAll(RegExp(name, "g"))].map(({ index }) => index))];
}
const PLACES = new Map([...WHOLE, ...OTHERS].map((bytes) => [bytes, placesIn(bytes)]));

type Edit = (bytes: Bytes) => Bytes;

/** A place as a part of the whole, which fits a clip of any length. */
const part = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const at = (bytes: Bytes, where: number) => Math.floor(where * bytes.length);

function overwritten(bytes: Bytes, place: number, values: Uint8Array): Bytes {
  const copy = bytes.slice();
  const start = Math.min(Math.max(0, place), bytes.length);
  copy.set(values.subarray(0, copy.length - start), start);
  return copy;
}

const truncated = part.map((where): Edit => (bytes) => bytes.slice(0, at(bytes, where)));

const flipped = fc.tuple(part, fc.nat(7)).map(([where, bit]): Edit => (bytes) =>
  overwritten(bytes, at(bytes, where), Uint8Array.of((bytes[at(bytes, where)] ?? 0) ^ 1 << bit))
);

const spliced = fc.tuple(fc.constantFrom(...WHOLE), part, part, part).map(
  ([other, from, to, where]): Edit => (bytes) =>
    join(
      bytes.subarray(0, at(bytes, where)),
      other.subarray(at(other, Math.min(from, to)), at(other, Math.max(from, to))),
      bytes.subarray(at(bytes, where)),
    ),
);

const dropped = fc.tuple(part, fc.nat(64)).map(([where, length]): Edit => (bytes) =>
  join(bytes.subarray(0, at(bytes, where)), bytes.subarray(at(bytes, where) + length))
);

const hostileNumber = fc.oneof(fc.constantFrom(...HOSTILE_NUMBERS), fc.nat(0xffffffff));
const numberBytes = fc.tuple(hostileNumber, fc.boolean()).map(([value, big]) =>
  big ? u32(value) : le32(value)
);

/** A size or a count that is not true: `value`, so far from one of the names. */
const misstatement = fc.record({
  name: part,
  offset: fc.oneof(fc.integer({ min: -4, max: 24 }), fc.constantFrom(-4, 4, 8, 12, 16)),
  value: numberBytes,
});

const edit = fc.oneof(
  { weight: 1, arbitrary: truncated },
  { weight: 2, arbitrary: flipped },
  { weight: 1, arbitrary: spliced },
  { weight: 1, arbitrary: dropped },
);

/** A good clip, truncated, bit-flipped, spliced with another, or with sizes and counts that are not true. */
export const damagedClip: fc.Arbitrary<Bytes> = fc.tuple(
  whole,
  fc.array(misstatement, { maxLength: 3 }),
  fc.array(edit, { maxLength: 2 }),
).map(([clip, misstatements, edits]) => {
  const places = PLACES.get(clip) ?? [];
  const misstated = misstatements.reduce(
    (bytes, { name, offset, value }) =>
      overwritten(bytes, (places[Math.floor(name * places.length)] ?? 0) + offset, value),
    clip,
  );
  return edits.reduce((bytes, change) => change(bytes), misstated);
});

const BOXES = "moov trak mdia minf stbl udta meta ilst edts mvex moof traf mfra".split(" ");
const TABLES = "stsd stts ctts stsz stz2 stsc stco co64 stss elst keys tfra trun".split(" ");
const FIELDS = "mvhd tkhd mdhd hdlr esds mp4a tfhd tfdt trex mehd pssh covr data".split(" ");

const rawBytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((bytes) => Uint8Array.from(bytes));
const numbers = fc.array(hostileNumber, { maxLength: 12 }).map((values) => u32(...values));

/** A box that says this of its size; undefined is the truth. */
const sized = (name: string, content: Bytes, statedSize: number | undefined): Bytes =>
  statedSize === undefined ? box(name, content) : join(u32(statedSize), name, content);

const statedSize = fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, {
  weight: 1,
  arbitrary: hostileNumber,
});

const boxTree = fc.letrec<{ tree: Bytes; node: Bytes; leaf: Bytes }>((tie) => ({
  tree: fc.array(tie("node"), { maxLength: 4, depthIdentifier: "box" }).map((boxes) => join(...boxes)),
  node: fc.oneof(
    { depthIdentifier: "box", maxDepth: 7, depthSize: "medium" },
    tie("leaf"),
    fc.tuple(fc.constantFrom(...BOXES), tie("tree"), statedSize).map((one) => sized(...one)),
    fc.tuple(fc.constantFrom(...BOXES), tie("tree"), statedSize).map((one) => sized(...one)),
  ),
  leaf: fc.oneof(
    fc.tuple(fc.constantFrom(...TABLES), numbers, statedSize).map(([name, content, size]) =>
      sized(name, join(u32(0), content), size)
    ),
    fc.tuple(fc.constantFrom(...FIELDS), fc.oneof(rawBytes(40), numbers), statedSize).map((one) =>
      sized(...one)
    ),
  ),
}));

/** Boxes inside boxes of any kind, behind a good beginning. With a track, what is in it is looked for in earnest. */
export const hostileBoxes: fc.Arbitrary<Bytes> = fc.tuple(
  boxTree.tree,
  boxTree.tree,
  fc.constantFrom(0, 1, 2),
).map(
  ([inside, behind, kind]) => {
    const beginning = fileType("M4A ", ["M4A "]);
    if (kind === 0) return join(beginning, inside, behind);
    if (kind === 1) return m4a({ seconds: 1, packetBytes: 8, moreInTable: [inside], moreInMoov: [behind] });
    return join(
      fragmentedM4a({ seconds: 1, packetBytes: 8 }),
      box("moof", fullBox("mfhd", 0, 0), inside),
      behind,
    );
  },
);

const anyChunk = fc.tuple(
  fc.constantFrom("fmt ", "data", "LIST", "JUNK", "ds64", "id3 ", "fact", "RIFF", "\0\0\0\0"),
  fc.oneof(
    rawBytes(40),
    numbers,
    fc.tuple(rawBytes(8), hostileNumber).map(([name, size]) => join("INFO", name, le32(size))),
  ),
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, hostileNumber),
  fc.boolean(),
).map(([id, content, size, padded]) => chunk(id, content, { statedSize: size, padded }));

/** Chunks of any kind and order, with sizes that are not true. */
export const hostileChunks: fc.Arbitrary<Bytes> = fc.tuple(
  fc.constantFrom("RIFF", "RF64", "RIFX"),
  fc.oneof(fc.constant(1_000), hostileNumber),
  fc.array(fc.oneof(anyChunk, fc.constant(wav({ seconds: 0.01 }).slice(12))), { maxLength: 8 }),
).map(([id, size, chunks]) => join(id, le32(size), "WAVE", ...chunks));

const anyTag = fc.tuple(fc.nat(255), fc.nat(255), hostileNumber, rawBytes(30)).map((
  [version, flags, size, content],
) => join("ID3", Uint8Array.of(version, 0, flags), u32(size), content));
/** Anything that may be taken for the header of a frame, with little behind it. */
const anyFrame = fc.tuple(fc.nat(0x1f), fc.nat(255), fc.nat(255), rawBytes(80)).map(([a, b, c, content]) =>
  join(Uint8Array.of(0xff, 0xe0 | a, b, c), content)
);
const goodFrames = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.option(hostileNumber)).map((
  [frames, stated],
) => mp3({ frames, ...(stated === null ? {} : { summary: "Xing", statedFrames: stated }) }));

/** Tags, frames, and what is half of either, with sizes and counts that are not true. */
export const hostileFrames: fc.Arbitrary<Bytes> = fc.array(
  fc.oneof(anyTag, anyFrame, goodFrames, fc.constant(id3v2({ size: 60 })), rawBytes(20)),
  { maxLength: 8 },
).map((parts) => join(...parts));
