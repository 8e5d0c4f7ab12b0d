import { type Bytes, join, u16, u32, u64 } from "./binary.ts";
import {
  audioDescription,
  type AudioFormat,
  box,
  fileType,
  fullBox,
  movieHeader,
  pictureDescription,
  SAMPLES_PER_PACKET,
  sampleSizes,
  table,
  trackBox,
} from "./m4a_boxes.ts";
import { editBox, packets } from "./write_m4a.ts";

export type FragmentedOptions = Partial<AudioFormat> & {
  brand?: string;
  compatible?: string[];
  seconds?: number;
  packetBytes?: number;
  /** An index of the fragments behind `moov`, as DASH packagers write it. */
  index?: boolean;
  /** An index of the fragments at the end of the file (`mfra`). */
  lastIndex?: boolean;
  /** Whether the header of the movie has the duration of the fragments. */
  statesDuration?: boolean;
  /** Adds a track of video with so many pictures, one in each fragment as far as they go. */
  pictures?: number;
  /** An edit list that begins `delay` samples late, of a length not known when it was written. */
  delay?: number;
  /** The count in the runs of samples instead of the true one, with one size and duration for all. */
  statedSamples?: number;
};

const AUDIO_TRACK = 1;
const PICTURE_TRACK = 2;
const EVERY_SAMPLE_IS_KEY = 0x02000000;

const NO_SAMPLES = [table("stts", []), table("stsc", []), sampleSizes(0, []), table("stco", [])];
const PICTURE = box(
  "traf",
  fullBox("tfhd", 0, 0x20018, u32(PICTURE_TRACK, 24_000, 1)),
  fullBox("trun", 0, 0, u32(1)),
);

type Fragment = {
  number: number;
  start: number;
  durations: number[];
  packetBytes: number;
  statedSamples: number | undefined;
  hasPicture: boolean;
};

function fragment({ number, start, durations, packetBytes, statedSamples, hasPicture }: Fragment): Bytes {
  const header = u32(AUDIO_TRACK, durations[0] ?? 0, packetBytes, EVERY_SAMPLE_IS_KEY);
  // The run has durations and sizes sample by sample, or else the fragment's header has one for all.
  const rows = durations.flatMap((duration) => [duration, packetBytes]);
  const run = (dataOffset: number) =>
    statedSamples === undefined
      ? fullBox("trun", 0, 0x301, u32(durations.length, dataOffset, ...rows))
      : fullBox("trun", 0, 0x001, u32(statedSamples, dataOffset));
  const moof = (dataOffset: number) =>
    box(
      "moof",
      fullBox("mfhd", 0, 0, u32(number)),
      box("traf", fullBox("tfhd", 0, 0x20038, header), fullBox("tfdt", 1, 0, u64(start)), run(dataOffset)),
      hasPicture ? PICTURE : "",
    );
  return join(moof(moof(0).length + 8), box("mdat", packets(durations.length, packetBytes)));
}

/** A clip of fragments of a second each, as a browser's MediaRecorder makes it: by default ten seconds of AAC, 24 kHz, mono. */
export function fragmentedM4a(options: FragmentedOptions = {}): Bytes {
  const { brand = "iso5", compatible = ["iso5", "isom", "mp42"], seconds = 10, packetBytes = 192 } = options;
  const { codec = "aac", sampleRate = 24_000, channels = 1, entry, audioConfig } = options;
  const { statedSamples, pictures, delay } = options;
  const perPacket = SAMPLES_PER_PACKET[codec];
  const samples = Math.round(seconds * sampleRate);
  const stated = options.statesDuration ? samples : 0;

  const fragments: { start: number; length: number; bytes: Bytes }[] = [];
  const perFragment = Math.round(sampleRate / perPacket) * perPacket;
  for (let start = 0; start < samples; start += perFragment) {
    const length = Math.min(perFragment, samples - start);
    const durations: number[] = [];
    for (let at = 0; at < length; at += perPacket) durations.push(Math.min(perPacket, length - at));
    const number = fragments.length + 1;
    const hasPicture = number <= (pictures ?? 0);
    const bytes = fragment({ number, start, durations, packetBytes, statedSamples, hasPicture });
    fragments.push({ start, length, bytes });
  }

  const moov = box(
    "moov",
    movieHeader(sampleRate, stated, 1),
    trackBox({
      id: AUDIO_TRACK,
      kind: "soun",
      timescale: sampleRate,
      duration: stated,
      edits: delay === undefined ? undefined : editBox([[0, delay]]),
      samples: [audioDescription({ codec, sampleRate, channels, entry, audioConfig }), ...NO_SAMPLES],
    }),
    pictures === undefined ? "" : trackBox({
      id: PICTURE_TRACK,
      kind: "vide",
      timescale: 24_000,
      duration: 0,
      samples: [pictureDescription(), ...NO_SAMPLES],
    }),
    box("mvex", fullBox("trex", 0, 0, u32(AUDIO_TRACK, 1, perPacket, 0, 0))),
  );
  const references = fragments.flatMap(({ bytes, length }) => [bytes.length, length, 0x90000000]);
  const times = u32(AUDIO_TRACK, sampleRate, 0, 0);
  const index = options.index
    ? fullBox("sidx", 0, 0, times, u16(0, fragments.length), u32(...references))
    : "";
  const head = join(fileType(brand, compatible), moov, index);
  let place = head.length;
  const rows = fragments.map(({ start, bytes }) => {
    place += bytes.length;
    return indexRow(start, place - bytes.length);
  });
  return join(
    head,
    ...fragments.map(({ bytes }) => bytes),
    options.lastIndex ? lastIndex(join(...rows)) : "",
  );
}

/** One row of an index of fragments: which time begins at which place of the file. */
export function indexRow(time: number, place: number): Bytes {
  return join(u32(time, place), "\x01\x01\x01");
}

/** The index of fragments at the end of a file, with these rows; `mfro` has its size. */
export function lastIndex(rows: Bytes): Bytes {
  const entries = fullBox("tfra", 0, 0, u32(AUDIO_TRACK, 0, rows.length / indexRow(0, 0).length), rows);
  return box("mfra", entries, fullBox("mfro", 0, 0, u32(entries.length + 24)));
}
