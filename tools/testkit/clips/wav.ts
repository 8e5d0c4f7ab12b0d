import { type Bytes, join, littleEndian } from "./bytes.ts";

export const PCM = 1;
export const IEEE_FLOAT = 3;
export const A_LAW = 6;
const EXTENSIBLE = 0xfffe;
/** What stands in the place of a size that does not fit or is not known. */
export const UNKNOWN_SIZE = 0xffffffff;
/** The end of every subformat's GUID; the format tag stands before it (Microsoft, WAVEFORMATEXTENSIBLE). */
const GUID_TAIL = "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71";

export type WavOptions = {
  sampleRate?: number;
  channels?: number;
  /** In place of `frames`. */
  seconds?: number;
  /** How many samples each channel has. */
  frames?: number;
  /** Bits of one sample. */
  bits?: number;
  formatTag?: number;
  /** With the longer `fmt ` chunk that names its format by a GUID. */
  extensible?: boolean;
  /** Chunks by their place. */
  beforeFormat?: Bytes[];
  beforeData?: Bytes[];
  afterData?: Bytes[];
  /** RF64 tells its sizes in a chunk `ds64`. */
  container?: "RIFF" | "RF64";
  /** What the headers tell in place of the truth. */
  statedRiffSize?: number;
  statedDataSize?: number;
  statedBlockSize?: number;
  statedByteRate?: number;
};

/** One chunk of a RIFF file. `padded: false` leaves out the byte that follows an odd size, as careless writers do. */
export function chunk(
  id: string,
  content: Uint8Array,
  options: { statedSize?: number; padded?: boolean } = {},
): Bytes {
  const { statedSize = content.length, padded = true } = options;
  return join(id, littleEndian(4, statedSize), content, padded && content.length % 2 === 1 ? "\0" : "");
}

/** A `LIST` chunk of remarks, as most editors write it, of `size` bytes with its header. */
export function remarks(size: number): Bytes {
  const text = "Recorded at a calm and even pace. ".repeat(Math.ceil(size / 34)).slice(0, size - 20);
  return chunk("LIST", join("INFO", chunk("ICMT", join(text))));
}

/** A tone of 220 Hz at a tenth of full scale in every channel; float and A-law clips hold the bytes of whole numbers. */
function tone(
  frames: number,
  options: { sampleRate: number; channels: number; bytesPerSample: number },
): Bytes {
  const { sampleRate, channels, bytesPerSample } = options;
  const bytes = new Uint8Array(frames * channels * bytesPerSample);
  const view = new DataView(bytes.buffer);
  for (let frame = 0; frame < frames; frame++) {
    const level = Math.sin(frame / sampleRate * 220 * 2 * Math.PI) / 10;
    for (let channel = 0; channel < channels; channel++) {
      const at = (frame * channels + channel) * bytesPerSample;
      if (bytesPerSample === 1) view.setUint8(at, 128 + level * 127);
      else view.setInt16(at + bytesPerSample - 2, level * 32_767, true);
    }
  }
  return bytes;
}

/** A WAV clip: unless told otherwise ten seconds of 16-bit PCM, 24 kHz, mono. */
export function wav(options: WavOptions = {}): Bytes {
  const { sampleRate = 24_000, channels = 1, bits = 16, formatTag = PCM, container = "RIFF" } = options;
  const { beforeFormat = [], beforeData = [], afterData = [] } = options;
  const frames = options.frames ?? Math.round((options.seconds ?? 10) * sampleRate);
  const bytesPerSample = Math.ceil(bits / 8);
  const blockSize = options.statedBlockSize ?? channels * bytesPerSample;
  const data = tone(frames, { sampleRate, channels, bytesPerSample });

  const format = join(
    littleEndian(2, options.extensible ? EXTENSIBLE : formatTag),
    littleEndian(2, channels),
    littleEndian(4, sampleRate),
    littleEndian(4, options.statedByteRate ?? sampleRate * blockSize),
    littleEndian(2, blockSize),
    littleEndian(2, bits),
    options.extensible
      ? join(
        littleEndian(2, 22),
        littleEndian(2, bits),
        littleEndian(4, channels === 1 ? 4 : 3),
        littleEndian(2, formatTag),
        GUID_TAIL,
      )
      : "",
  );
  const isRf64 = container === "RF64";
  const chunks = join(
    ...beforeFormat,
    chunk("fmt ", format),
    ...beforeData,
    chunk("data", data, { statedSize: options.statedDataSize ?? (isRf64 ? UNKNOWN_SIZE : data.length) }),
    ...afterData,
  );
  const sizes = isRf64
    ? chunk(
      "ds64",
      join(
        littleEndian(8, chunks.length + 40),
        littleEndian(8, data.length),
        littleEndian(8, frames),
        "\0\0\0\0",
      ),
    )
    : "";
  return join(
    container,
    littleEndian(4, options.statedRiffSize ?? (isRf64 ? UNKNOWN_SIZE : chunks.length + 4)),
    "WAVE",
    sizes,
    chunks,
  );
}
