import { box, coverArt, fileType, fullBox, table, wideBox } from "./boxes.ts";
import { bigEndian, type Bytes, join, noise } from "./bytes.ts";
import {
  audioDescription,
  type AudioFormat,
  movieHeader,
  pictureDescription,
  SAMPLES_PER_PACKET,
  trackBox,
  videoDescription,
} from "./m4a_track.ts";

/** Rows of the sample tables by value, in place of those that fit the audio. */
export type SampleTables = {
  /** [samples, duration of each] */
  stts?: number[][];
  /** [first chunk, samples in a chunk, description] */
  stsc?: number[][];
  /** Sizes in bytes. */
  stsz?: number[];
  /** Places of chunks in the file. */
  stco?: number[];
};

/** A part of the media to be heard; from -1 stands for silence. */
export type Edit = { duration: number; from: number };

export type M4aOptions = Partial<AudioFormat> & {
  brand?: string;
  compatible?: string[];
  /** In place of `samples`. */
  seconds?: number;
  /** How many samples each channel has. */
  samples?: number;
  /** Bytes of one packet. */
  packetBytes?: number;
  /** Whether `moov` stands before the audio, as for playing while it loads, or behind it, as recorders leave it. */
  moov?: "first" | "last";
  /** The size of `mdat` in 64 bits. */
  wideData?: boolean;
  /** The size that `mdat` tells in place of the truth; 0 says that it goes on to the end of the file. */
  statedDataSize?: number;
  /** Bytes of a picture inside `moov`, behind the tracks or before them. */
  coverBytes?: number;
  cover?: "behind" | "before";
  /** Samples at the beginning that an edit list leaves out: an encoder's delay. */
  delay?: number;
  /** How many samples an edit list keeps, of a clip that was trimmed; all by default. */
  kept?: number;
  /** The edit list in place of the one for `delay` and `kept`; durations in units of the movie. */
  edits?: Edit[];
  editVersion?: 0 | 1;
  /** Units of the movie in one second; the sample rate by default, 1,000 from most writers. */
  movieTimescale?: number;
  /** What the track says of its own units in one second. */
  statedTimescale?: number;
  /** Adds a track of video. */
  video?: boolean;
  /** Adds a track of video with so many pictures, in front of the sound or behind it. */
  pictures?: { count: number; place?: "first" | "last"; areChapters?: boolean };
  tables?: SampleTables;
  /** More boxes: at the end of `stbl`, at the end of `moov`, between `ftyp` and the rest. */
  moreInTable?: Bytes[];
  moreInMoov?: Bytes[];
  moreBefore?: Bytes[];
};

const PICTURE_TRACK = 3;
const PACKETS_PER_CHUNK = 24;
/** A packet of AAC, one channel, that holds silence. The rest of a packet is filled with zeros. */
const SILENCE = [0x00, 0xc8, 0x00, 0x80, 0x23, 0x80];

/** So many packets of audio, of `size` bytes each. */
export function packets(count: number, size: number): Bytes {
  const bytes = new Uint8Array(count * size);
  for (let at = 0; at < bytes.length; at += size) bytes.set(SILENCE.slice(0, size), at);
  return bytes;
}

/** The table `stsz`: one size for all samples, or 0 and the size of each. */
export function sampleSizes(size: number, sizes: number[], statedCount = sizes.length): Bytes {
  return fullBox("stsz", 0, 0, bigEndian(4, size, statedCount, ...sizes));
}

function audioTables(count: number, samples: number, format: AudioFormat, size: number, firstByte: number) {
  const perPacket = SAMPLES_PER_PACKET[format.codec];
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

/** An edit list that begins `delay` samples late. */
function editsOf(delay: number, duration: number): Bytes {
  return box("edts", table("elst", [[duration - delay, delay, 0x10000]]));
}

function editBox(edits: Edit[], version: 0 | 1): Bytes {
  const width = version === 0 ? 4 : 8;
  const rows = edits.map(({ duration, from }) =>
    join(
      bigEndian(width, duration),
      from < 0 ? "\xff".repeat(width) : bigEndian(width, from),
      bigEndian(4, 0x10000),
    )
  );
  return box("edts", fullBox("elst", version, 0, bigEndian(4, rows.length), ...rows));
}

function pictureTrack(count: number): Bytes {
  return trackBox({
    id: PICTURE_TRACK,
    kind: "vide",
    timescale: 600,
    duration: 6000,
    samples: [
      pictureDescription(),
      table("stts", [[count, 6000 / count]]),
      table("stsc", [[1, count, 1]]),
      sampleSizes(0, Array.from({ length: count }, () => 1)),
      table("stco", [[0]]),
    ],
  });
}

function videoTrack(): Bytes {
  return trackBox({
    id: 2,
    kind: "vide",
    timescale: 600,
    duration: 6000,
    samples: [
      videoDescription(),
      table("stts", [[10, 600]]),
      table("stsc", [[1, 10, 1]]),
      sampleSizes(1, [], 10),
      table("stco", [[0]]),
    ],
  });
}

/** An M4A clip: unless told otherwise ten seconds of AAC, 24 kHz, mono, with `moov` first. */
export function m4a(options: M4aOptions = {}): Bytes {
  const { brand = "M4A ", compatible = ["M4A ", "mp42", "isom"], packetBytes = 192, moov = "first" } =
    options;
  const { codec = "aac", sampleRate = 24_000, channels = 1, entry, audioConfig } = options;
  const { pictures } = options;
  const { coverBytes = 0, cover = "behind", delay = 0, tables = {} } = options;
  const format = { codec, sampleRate, channels, entry, audioConfig };
  const samples = options.samples ?? Math.round((options.seconds ?? 10) * sampleRate);
  const count = Math.ceil(samples / SAMPLES_PER_PACKET[codec]);

  const data = packets(count, packetBytes);
  const mdat = options.wideData
    ? wideBox("mdat", data, options.statedDataSize)
    : join(bigEndian(4, options.statedDataSize ?? data.length + 8), "mdat", data);
  const before = join(fileType(brand, compatible), ...(options.moreBefore ?? []));
  const picture = coverBytes === 0 ? [] : [coverArt(noise(coverBytes))];

  const moovBox = (firstByte: number): Bytes => {
    const { stts, stsc, stsz, stco } = {
      ...audioTables(count, samples, format, packetBytes, firstByte),
      ...tables,
    };
    const audio = trackBox({
      id: 1,
      kind: "soun",
      chapters: pictures?.areChapters ? PICTURE_TRACK : undefined,
      timescale: options.statedTimescale ?? sampleRate,
      duration: samples,
      edits: options.edits
        ? editBox(options.edits, options.editVersion ?? 0)
        : delay === 0 && options.kept === undefined
        ? undefined
        : editsOf(delay, delay + (options.kept ?? samples - delay)),
      samples: [
        audioDescription(format),
        table("stts", stts),
        table("stsc", stsc),
        sampleSizes(0, stsz),
        table("stco", stco.map((place) => [place])),
        ...(options.moreInTable ?? []),
      ],
    });
    return box(
      "moov",
      movieHeader(options.movieTimescale ?? sampleRate, samples, PICTURE_TRACK),
      ...(cover === "before" ? picture : []),
      pictures?.place === "first" ? pictureTrack(pictures.count) : "",
      audio,
      pictures && pictures.place !== "first" ? pictureTrack(pictures.count) : "",
      options.video ? videoTrack() : "",
      ...(cover === "behind" ? picture : []),
      ...(options.moreInMoov ?? []),
    );
  };
  const headerBytes = options.wideData ? 16 : 8;
  if (moov === "last") return join(before, mdat, moovBox(before.length + headerBytes));
  const length = moovBox(0).length;
  return join(before, moovBox(before.length + length + headerBytes), mdat);
}
