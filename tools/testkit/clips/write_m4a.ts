import { type Bytes, join, noise, u32, u64, zeros } from "./binary.ts";
import {
  audioDescription,
  type AudioFormat,
  box,
  coverArt,
  fileType,
  fullBox,
  movieHeader,
  pictureDescription,
  SAMPLES_PER_PACKET,
  sampleSizes,
  table,
  trackBox,
  videoDescription,
  wideBox,
} from "./m4a_boxes.ts";

/** A part of the media to be heard, its duration in units of the movie; from -1 stands for silence. */
export type Edit = [duration: number, from: number];

export type M4aOptions = Partial<AudioFormat> & {
  brand?: string;
  compatible?: string[];
  /** In place of `samples`. */
  seconds?: number;
  samples?: number;
  packetBytes?: number;
  /** Whether `moov` stands before the audio, as for playing while it loads, or behind it, as recorders leave it. */
  moov?: "first" | "last";
  /** The size of `mdat` in 64 bits. */
  wideData?: boolean;
  /** The size in the header of `mdat` instead of the true one; 0 means that it goes on to the end of the file. */
  statedDataSize?: number;
  /** Bytes of a picture inside `moov`, behind the tracks or before them. */
  coverBytes?: number;
  cover?: "behind" | "before";
  /** Samples at the beginning that an edit list leaves out: an encoder's delay. */
  delay?: number;
  /** How many samples an edit list keeps, of a clip that was trimmed; all by default. */
  kept?: number;
  /** The edit list in place of the one for `delay` and `kept`. */
  edits?: Edit[];
  editVersion?: 0 | 1;
  /** Units of the movie in one second; the sample rate by default, 1,000 from most writers. */
  movieTimescale?: number;
  /** What the track says of its own units in one second. */
  statedTimescale?: number;
  video?: boolean;
  /** Adds a track of video with so many pictures, in front of the sound or behind it. */
  pictures?: { count: number; place?: "first" | "last"; areChapters?: boolean };
  /** Rows of the sample tables in place of those that fit the audio. */
  tables?: Partial<ReturnType<typeof audioTables>>;
  /** More boxes: at the end of `stbl`, at the end of `moov`, between `ftyp` and the rest. */
  moreInTable?: Bytes[];
  moreInMoov?: Bytes[];
  moreBefore?: Bytes[];
};

const VIDEO_TRACK = 2;
const PICTURE_TRACK = 3;
const PACKETS_PER_CHUNK = 24;
/** A packet of AAC, one channel, that holds silence. The rest of a packet is filled with zeros. */
const SILENCE = [0x00, 0xc8, 0x00, 0x80, 0x23, 0x80];

/** So many packets of audio, of `size` bytes each. */
export function packets(count: number, size: number): Bytes {
  const bytes = zeros(count * size);
  for (let at = 0; at < bytes.length; at += size) bytes.set(SILENCE.slice(0, size), at);
  return bytes;
}

/** `stts`: [samples, duration of each]; `stsc`: [first chunk, samples in a chunk, description]; sizes; places of chunks. */
function audioTables(count: number, samples: number, perPacket: number, size: number, firstByte: number) {
  const last = samples - (count - 1) * perPacket;
  const chunks = Math.ceil(count / PACKETS_PER_CHUNK);
  const inLast = count - (chunks - 1) * PACKETS_PER_CHUNK;
  return {
    stts: last === perPacket ? [[count, perPacket]] : [[count - 1, perPacket], [1, last]],
    stsc: [...(chunks > 1 ? [[1, PACKETS_PER_CHUNK, 1]] : []), [chunks, inLast, 1]],
    stsz: Array.from({ length: count }, () => size),
    stco: Array.from({ length: chunks }, (_, chunk) => firstByte + chunk * PACKETS_PER_CHUNK * size),
  };
}

export function editBox(edits: Edit[], version: 0 | 1 = 0): Bytes {
  const wide = version === 0 ? u32 : u64;
  const rows = edits.map(([duration, from]) => join(wide(duration, from), u32(0x10000)));
  return box("edts", fullBox("elst", version, 0, u32(rows.length), ...rows));
}

/** A track of `count` pictures over ten seconds, all of one byte. */
const visualTrack = (id: number, description: Bytes, count: number, sizes: Bytes): Bytes =>
  trackBox({
    id,
    kind: "vide",
    timescale: 600,
    duration: 6000,
    samples: [
      description,
      table("stts", [[count, 6000 / count]]),
      table("stsc", [[1, count, 1]]),
      sizes,
      table("stco", [[0]]),
    ],
  });

const pictureTrack = (count: number) =>
  visualTrack(PICTURE_TRACK, pictureDescription(), count, sampleSizes(0, Array(count).fill(1)));

/** An M4A clip: by default ten seconds of AAC, 24 kHz, mono, with `moov` first. */
export function m4a(options: M4aOptions = {}): Bytes {
  const { brand = "M4A ", compatible = ["M4A ", "mp42", "isom"], packetBytes = 192, moov = "first" } =
    options;
  const { codec = "aac", sampleRate = 24_000, channels = 1, entry, audioConfig } = options;
  const { coverBytes = 0, cover = "behind", delay = 0, pictures, wideData = false } = options;
  const { moreBefore = [], moreInMoov = [], moreInTable = [] } = options;
  const samples = options.samples ?? Math.round((options.seconds ?? 10) * sampleRate);
  const perPacket = SAMPLES_PER_PACKET[codec];
  const count = Math.ceil(samples / perPacket);
  const trimmed: Edit[] | undefined = delay === 0 && options.kept === undefined
    ? undefined
    : [[options.kept ?? samples - delay, delay]];
  const edits = options.edits ?? trimmed;

  const data = packets(count, packetBytes);
  const mdat = wideData
    ? wideBox("mdat", data, options.statedDataSize)
    : join(u32(options.statedDataSize ?? data.length + 8), "mdat", data);
  const before = join(fileType(brand, compatible), ...moreBefore);
  const picture = coverBytes === 0 ? "" : coverArt(noise(coverBytes));

  const moovBox = (firstByte: number): Bytes => {
    const { stts, stsc, stsz, stco } = {
      ...audioTables(count, samples, perPacket, packetBytes, firstByte),
      ...options.tables,
    };
    const audio = trackBox({
      id: 1,
      kind: "soun",
      chapters: pictures?.areChapters ? PICTURE_TRACK : undefined,
      timescale: options.statedTimescale ?? sampleRate,
      duration: samples,
      edits: edits && editBox(edits, options.editVersion),
      samples: [
        audioDescription({ codec, sampleRate, channels, entry, audioConfig }),
        table("stts", stts),
        table("stsc", stsc),
        sampleSizes(0, stsz),
        table("stco", stco.map((place) => [place])),
        ...moreInTable,
      ],
    });
    return box(
      "moov",
      movieHeader(options.movieTimescale ?? sampleRate, samples, PICTURE_TRACK),
      cover === "before" ? picture : "",
      pictures?.place === "first" ? pictureTrack(pictures.count) : "",
      audio,
      pictures && pictures.place !== "first" ? pictureTrack(pictures.count) : "",
      options.video ? visualTrack(VIDEO_TRACK, videoDescription(), 10, sampleSizes(1, [], 10)) : "",
      cover === "behind" ? picture : "",
      ...moreInMoov,
    );
  };
  const headerBytes = wideData ? 16 : 8;
  if (moov === "last") return join(before, mdat, moovBox(before.length + headerBytes));
  return join(before, moovBox(before.length + moovBox(0).length + headerBytes), mdat);
}
