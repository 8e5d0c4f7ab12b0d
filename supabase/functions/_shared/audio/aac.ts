/** Sample rates in hertz by their number (ISO/IEC 14496-3, 1.6.3.4); 15 says that the rate is written out. */
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
/** Channels by configuration (1.6.3.5); 0 says that a program config element gives them. */
const CHANNELS = [undefined, 1, 2, 3, 4, 5, 6, 8, undefined, undefined, undefined, 7, 8, 24, 8];
/** Object types (ISO/IEC 14496-3, 1.5.1.1): those that are heard at another rate than their core's. */
const SBR = 5;
const PARAMETRIC_STEREO = 29;
/** Object types whose own part of the configuration may give the channels (1.6.2.1, GASpecificConfig). */
const GENERAL_AUDIO = new Set([1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22, 23]);
/** In front of what older decoders pass over. */
const EXTENSION = 0x2b7;
const PARAMETRIC_EXTENSION = 0x548;

/** What is heard of AAC; undefined where it does not say. */
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
 * The channels that a program config element counts: single elements have one, pairs two (4.4.1.1). Undefined where it is
 * not whole.
 */
function channelsOfProgram(bits: Bits): number | undefined {
  // Its number, profile and sample rate.
  bits.read(10);
  const [front, side, back] = [bits.read(4), bits.read(4), bits.read(4)];
  const low = bits.read(2);
  // Data, and couplings that are heard in the other channels.
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

/** What stands in the part of general audio in front of the program config element. */
function skipGeneralAudio(bits: Bits): void {
  // Whether frames are short.
  bits.read(1);
  const hasCoreCoder = bits.read(1) === 1;
  if (hasCoreCoder) bits.read(14);
  // Whether there is an extension.
  bits.read(1);
}

/** Reads an AudioSpecificConfig. */
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

/** The content of the descriptor with this tag, when one begins at `at` (ISO/IEC 14496-1, 8.3.3). */
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

/** What the content of a box `esds` says; null when it is not of AAC (ISO/IEC 14496-14, 3.1.2). */
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
