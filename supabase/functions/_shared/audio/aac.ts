/** Sample rates in hertz by index (ISO/IEC 14496-3, 1.6.3.4); after index 15 the rate is written out. */
const RATES = [
  96_000,
  88_200,
  64_000,
  48_000,
  44_100,
  32_000,
  24_000,
  22_050,
  16_000,
  12_000,
  11_025,
  8_000,
  7_350,
];
/** Channels by configuration (1.6.3.5); with 0, a program config element gives them. */
const CHANNELS = [undefined, 1, 2, 3, 4, 5, 6, 8, undefined, undefined, undefined, 7, 8, 24, 8];
/** Object types that play at another rate than their core's (1.5.1.1). */
const SBR = 5;
const PARAMETRIC_STEREO = 29;
/** Object types with a GASpecificConfig, which may give the channels (1.6.2.1). */
const GENERAL_AUDIO = new Set([1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22, 23]);
/** Sync words of the extensions that older decoders skip. */
const EXTENSION = 0x2b7;
const PARAMETRIC_EXTENSION = 0x548;

/** The output format of AAC; undefined where the configuration does not give it. */
export type AacFormat = { sampleRate: number | undefined; channels: number | undefined };

function bitsOf(bytes: Uint8Array) {
  let position = 0;
  return {
    left: () => bytes.length * 8 - position,
    /** Bits beyond the end are zeros. */
    read(count: number): number {
      let value = 0;
      for (let bit = 0; bit < count; bit++, position++) {
        value = value * 2 + ((bytes[position >> 3] ?? 0) >> (7 - (position & 7)) & 1);
      }
      return value;
    },
    back: (count: number) => position -= count,
  };
}

type Bits = ReturnType<typeof bitsOf>;

const objectType = (bits: Bits) => {
  const short = bits.read(5);
  return short === 31 ? 32 + bits.read(6) : short;
};
const rate = (bits: Bits) => {
  const index = bits.read(4);
  return index === 15 ? bits.read(24) : RATES[index];
};

/**
 * The channels of a program config element: single elements have one, pairs two (4.4.1.1). Undefined if it is cut short.
 */
function channelsOfProgram(bits: Bits): number | undefined {
  // Tag, profile and sample rate.
  bits.read(10);
  const [front, side, back] = [bits.read(4), bits.read(4), bits.read(4)];
  const low = bits.read(2);
  // Data elements, and coupling elements, which add no channels.
  bits.read(7);
  for (const width of [4, 4, 3]) {
    const hasMixdown = bits.read(1) === 1;
    if (hasMixdown) bits.read(width);
  }
  const elements = front + side + back;
  if (bits.left() < elements * 5 + low * 4) return undefined;
  let channels = low;
  for (let element = 0; element < elements; element++) channels += bits.read(5) > 15 ? 2 : 1;
  return channels || undefined;
}

/** Skips the fields of a GASpecificConfig before its program config element. */
function skipGeneralAudio(bits: Bits): void {
  // Frame length.
  bits.read(1);
  const hasCoreCoder = bits.read(1) === 1;
  if (hasCoreCoder) bits.read(14);
  // Extension flag.
  bits.read(1);
}

/** Parses an AudioSpecificConfig. */
function audioFormat(config: Uint8Array): AacFormat {
  const bits = bitsOf(config);
  const type = objectType(bits);
  let sampleRate = rate(bits);
  const configuration = bits.read(4);
  let isParametric = type === PARAMETRIC_STEREO;
  const isExtended = type === SBR || isParametric;
  if (isExtended) sampleRate = rate(bits);
  const core = isExtended ? objectType(bits) : type;
  let channels = CHANNELS[configuration];
  if (configuration === 0 && GENERAL_AUDIO.has(core)) {
    skipGeneralAudio(bits);
    channels = channelsOfProgram(bits);
  }
  if (!isExtended) {
    while (bits.left() > 15) {
      if (bits.read(11) !== EXTENSION) {
        bits.back(10);
        continue;
      }
      if (objectType(bits) === SBR && bits.read(1) === 1) {
        sampleRate = rate(bits);
        isParametric = bits.left() > 11 && bits.read(11) === PARAMETRIC_EXTENSION && bits.read(1) === 1;
      }
      break;
    }
  }
  return { sampleRate, channels: isParametric && channels === 1 ? 2 : channels };
}

/** The content of the descriptor at `at`; null if it has another tag (ISO/IEC 14496-1, 8.3.3). */
function descriptorAt(bytes: Uint8Array, at: number, tag: number): Uint8Array | null {
  if (bytes[at] !== tag) return null;
  let length = 0;
  let start = at + 1;
  for (let byte = 0; byte < 4; byte++) {
    const value = bytes[start++] ?? 0;
    length = length << 7 | value & 127;
    if (!(value & 128)) break;
  }
  return bytes.subarray(start, start + length);
}

/** The format in the content of an `esds` box; null if it is not AAC (ISO/IEC 14496-14, 3.1.2). */
export function aacFormat(esds: Uint8Array): AacFormat | null {
  const stream = descriptorAt(esds, 4, 3);
  if (!stream) return null;
  const flags = stream[2] ?? 0;
  const at = 3 + (flags & 0x80 ? 2 : 0) + (flags & 0x40 ? 1 + (stream[3] ?? 0) : 0) + (flags & 0x20 ? 2 : 0);
  const decoder = descriptorAt(stream, at, 4);
  if (!decoder || ![0x40, 0x66, 0x67, 0x68].includes(decoder[0] ?? 0)) return null;
  const config = descriptorAt(decoder, 13, 5);
  return config ? audioFormat(config) : { sampleRate: undefined, channels: undefined };
}
