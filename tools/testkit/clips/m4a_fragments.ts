import { box, fileType, fullBox, table } from "./boxes.ts";
import { bigEndian, type Bytes, join } from "./bytes.ts";
import { packets, sampleSizes } from "./m4a.ts";
import {
  audioDescription,
  type AudioFormat,
  movieHeader,
  pictureDescription,
  SAMPLES_PER_PACKET,
  trackBox,
} from "./m4a_track.ts";

export type FragmentedOptions = Partial<AudioFormat> & {
  brand?: string;
  compatible?: string[];
  seconds?: number;
  packetBytes?: number;
  /** An index of the fragments behind `moov`, as DASH packagers write it. */
  index?: boolean;
  /** An index of the fragments at the end of the file (`mfra`). */
  lastIndex?: boolean;
  /** Whether the header of the movie tells the duration that the fragments have. */
  statesDuration?: boolean;
  /** Adds a track of video with so many pictures, one in each fragment as far as they go. */
  pictures?: number;
  /** An edit list that begins `delay` samples late, of a length not known when it was written. */
  delay?: number;
  /** What the runs of samples say of their count, in place of the truth, with one size and duration for all. */
  statedSamples?: number;
};

const AUDIO_TRACK = 1;
const PICTURE_TRACK = 2;
const EVERY_SAMPLE_IS_KEY = 0x02000000;

const NO_SAMPLES = [table("stts", []), table("stsc", []), sampleSizes(0, []), table("stco", [])];
const PICTURE = box(
  "traf",
  fullBox("tfhd", 0, 0x20018, bigEndian(4, PICTURE_TRACK, 24_000, 1)),
  fullBox("trun", 0, 0, bigEndian(4, 1)),
);

function fragment(
  options: {
    number: number;
    start: number;
    durations: number[];
    packetBytes: number;
    statedSamples?: number;
    hasPicture?: boolean;
  },
): Bytes {
  const { number, start, durations, packetBytes, statedSamples, hasPicture } = options;
  // The run tells durations and sizes sample by sample, or else the fragment's header tells one for all.
  const run = (dataOffset: number) =>
    statedSamples === undefined
      ? fullBox(
        "trun",
        0,
        0x301,
        bigEndian(
          4,
          durations.length,
          dataOffset,
          ...durations.flatMap((duration) => [duration, packetBytes]),
        ),
      )
      : fullBox("trun", 0, 0x001, bigEndian(4, statedSamples, dataOffset));
  const moof = (dataOffset: number) =>
    box(
      "moof",
      fullBox("mfhd", 0, 0, bigEndian(4, number)),
      box(
        "traf",
        fullBox(
          "tfhd",
          0,
          0x20038,
          bigEndian(4, AUDIO_TRACK, durations[0] ?? 0, packetBytes, EVERY_SAMPLE_IS_KEY),
        ),
        fullBox("tfdt", 1, 0, bigEndian(8, start)),
        run(dataOffset),
      ),
      hasPicture ? PICTURE : "",
    );
  const length = moof(0).length;
  return join(moof(length + 8), box("mdat", packets(durations.length, packetBytes)));
}

/** A clip of fragments of a second each, as a browser's MediaRecorder makes it: ten seconds of AAC, 24 kHz, mono. */
export function fragmentedM4a(options: FragmentedOptions = {}): Bytes {
  const { brand = "iso5", compatible = ["iso5", "isom", "mp42"], seconds = 10, packetBytes = 192 } = options;
  const { codec = "aac", sampleRate = 24_000, channels = 1, entry, audioConfig } = options;
  const perPacket = SAMPLES_PER_PACKET[codec];
  const samples = Math.round(seconds * sampleRate);
  const stated = options.statesDuration ? samples : 0;

  const fragments: Bytes[] = [];
  const starts: number[] = [];
  for (let start = 0; start < samples;) {
    const end = Math.min(samples, start + Math.round(sampleRate / perPacket) * perPacket);
    const durations: number[] = [];
    for (let at = start; at < end; at += perPacket) durations.push(Math.min(perPacket, end - at));
    starts.push(start);
    const number = fragments.length + 1;
    const hasPicture = number <= (options.pictures ?? 0);
    fragments.push(
      fragment({ number, start, durations, packetBytes, statedSamples: options.statedSamples, hasPicture }),
    );
    start = end;
  }

  const moov = box(
    "moov",
    movieHeader(sampleRate, stated, 1),
    trackBox({
      id: AUDIO_TRACK,
      kind: "soun",
      timescale: sampleRate,
      duration: stated,
      edits: options.delay === undefined
        ? undefined
        : box("edts", table("elst", [[0, options.delay, 0x10000]])),
      samples: [audioDescription({ codec, sampleRate, channels, entry, audioConfig }), ...NO_SAMPLES],
    }),
    options.pictures === undefined ? "" : trackBox({
      id: PICTURE_TRACK,
      kind: "vide",
      timescale: 24_000,
      duration: 0,
      samples: [pictureDescription(), ...NO_SAMPLES],
    }),
    box("mvex", fullBox("trex", 0, 0, bigEndian(4, AUDIO_TRACK, 1, perPacket, 0, 0))),
  );
  const references = fragments.flatMap(({ length }, index) => [
    length,
    (starts[index + 1] ?? samples) - (starts[index] ?? 0),
    0x90000000,
  ]);
  const index = options.index
    ? fullBox(
      "sidx",
      0,
      0,
      bigEndian(4, AUDIO_TRACK, sampleRate, 0, 0),
      bigEndian(2, 0, fragments.length),
      bigEndian(4, ...references),
    )
    : "";
  const head = join(fileType(brand, compatible), moov, index);
  let place = head.length;
  const rows = fragments.map(({ length }, number) => {
    place += length;
    return indexRow(starts[number] ?? 0, place - length);
  });
  return join(head, ...fragments, options.lastIndex ? lastIndex(join(...rows)) : "");
}

/** One row of an index of fragments: what time begins at what place of the file. */
export function indexRow(time: number, place: number): Bytes {
  return join(bigEndian(4, time, place), "\x01\x01\x01");
}

/** The index of fragments at the end of a file, with these rows; `mfro` tells where it begins. */
export function lastIndex(rows: Bytes): Bytes {
  const entries = fullBox(
    "tfra",
    0,
    0,
    bigEndian(4, AUDIO_TRACK, 0, rows.length / indexRow(0, 0).length),
    rows,
  );
  return box("mfra", entries, fullBox("mfro", 0, 0, bigEndian(4, entries.length + 24)));
}
