import { type Bytes, join, le16, le32, le64, zeros } from "./binary.ts";

const PCM = 1;
export const IEEE_FLOAT = 3;
export const A_LAW = 6;
const EXTENSIBLE = 0xfffe;
/** Stands for a size that does not fit or is not known. */
export const UNKNOWN_SIZE = 0xffffffff;
/** The end of every subformat's GUID, behind the format tag (Microsoft, WAVEFORMATEXTENSIBLE). */
const GUID_TAIL = "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71";

export type WavOptions = {
  sampleRate?: number;
  channels?: number;
  /** In place of `frames`. */
  seconds?: number;
  frames?: number;
  bits?: number;
  formatTag?: number;
  /** With the longer `fmt ` chunk that names its format by a GUID. */
  extensible?: boolean;
  /** Chunks by their place. */
  beforeFormat?: Bytes[];
  beforeData?: Bytes[];
  afterData?: Bytes[];
  /** RF64 has its sizes in a chunk `ds64`. */
  container?: "RIFF" | "RF64";
  /** What the headers say instead of the truth. */
  statedRiffSize?: number;
  statedDataSize?: number;
  statedBlockSize?: number;
  statedByteRate?: number;
};

/** One chunk of a RIFF file. `padded: false` leaves out the byte that follows an odd size, as careless writers do. */
export function chunk(
  id: string,
  content: Uint8Array,
  { statedSize = content.length, padded = true }: { statedSize?: number; padded?: boolean } = {},
): Bytes {
  return join(id, le32(statedSize), content, padded && content.length % 2 === 1 ? "\0" : "");
}

/** A `LIST` chunk of remarks, as most editors write it, of `size` bytes with its header. */
export function remarks(size: number): Bytes {
  const text = "Recorded at a calm and even pace. ".repeat(Math.ceil(size / 34)).slice(0, size - 20);
  return chunk("LIST", join("INFO", chunk("ICMT", join(text))));
}

/** A tone of 220 Hz at a tenth of full scale in every channel; float and A-law clips hold the bytes of whole numbers. */
function tone(frames: number, sampleRate: number, channels: number, bytesPerSample: number): Bytes {
  const bytes = zeros(frames * channels * bytesPerSample);
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

/** A WAV clip: by default ten seconds of 16-bit PCM, 24 kHz, mono. */
export function wav(options: WavOptions = {}): Bytes {
  const { sampleRate = 24_000, channels = 1, bits = 16, formatTag = PCM, container = "RIFF" } = options;
  const { frames = Math.round((options.seconds ?? 10) * sampleRate), extensible = false } = options;
  const { beforeFormat = [], beforeData = [], afterData = [] } = options;
  const bytesPerSample = Math.ceil(bits / 8);
  const blockSize = options.statedBlockSize ?? channels * bytesPerSample;
  const data = tone(frames, sampleRate, channels, bytesPerSample);

  const format = join(
    le16(extensible ? EXTENSIBLE : formatTag, channels),
    le32(sampleRate, options.statedByteRate ?? sampleRate * blockSize),
    le16(blockSize, bits),
    extensible ? join(le16(22, bits), le32(channels === 1 ? 4 : 3), le16(formatTag), GUID_TAIL) : "",
  );
  const isRf64 = container === "RF64";
  const chunks = join(
    ...beforeFormat,
    chunk("fmt ", format),
    ...beforeData,
    chunk("data", data, { statedSize: options.statedDataSize ?? (isRf64 ? UNKNOWN_SIZE : data.length) }),
    ...afterData,
  );
  const riffSize = options.statedRiffSize ?? (isRf64 ? UNKNOWN_SIZE : chunks.length + 4);
  const sizes = isRf64 ? chunk("ds64", join(le64(chunks.length + 40, data.length, frames), zeros(4))) : "";
  return join(container, le32(riffSize), "WAVE", sizes, chunks);
}
