import type { Bytes } from "../../bytes.ts";

/** The characters of base64, as bytes (RFC 4648, 4). */
const ALPHABET = new TextEncoder().encode("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
const PADDING = "=".charCodeAt(0);

/** A clip to send as a data URL in a request body, encoded by `encodeJson`. */
export class DataUrl {
  #bytes: Uint8Array | null;

  constructor(readonly contentType: string, bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /**
   * Returns the clip and drops it, so that its memory is free while the request waits.
   * @throws if it was taken before
   */
  take(): Uint8Array {
    const bytes = this.#bytes;
    if (bytes === null) throw new Error("the clip was already taken");
    this.#bytes = null;
    return bytes;
  }
}

declare global {
  interface ArrayBuffer {
    /** Missing from the platform's TypeScript (5.6), but not from its runtime. */
    transfer(newByteLength?: number): ArrayBuffer;
  }
}

/** Releases the memory of these bytes at once, without waiting for the garbage collector. */
export function letGo(bytes: Uint8Array): void {
  if (bytes.buffer instanceof ArrayBuffer) bytes.buffer.transfer(0);
}

/**
 * The JSON of `body`. If it contains a DataUrl, takes its clip and encodes it in place: as text, a clip of 7 MB would
 * be in memory four times.
 */
export function encodeJson(body: unknown): string | Bytes {
  let clip: DataUrl | undefined;
  const place = crypto.randomUUID();
  const text = JSON.stringify(body, (_key, value: unknown) => {
    if (!(value instanceof DataUrl)) return value;
    clip = value;
    return place;
  });
  return clip ? withClip(text, place, clip) : text;
}

function withClip(text: string, place: string, clip: DataUrl): Bytes {
  const bytes = clip.take();
  const encoder = new TextEncoder();
  const at = text.indexOf(place);
  const head = encoder.encode(`${text.slice(0, at)}data:${clip.contentType};base64,`);
  const tail = encoder.encode(text.slice(at + place.length));
  const encodedLength = Math.ceil(bytes.length / 3) * 4;
  const out = new Uint8Array(head.length + encodedLength + tail.length);
  out.set(head);
  encodeInto(bytes, out.subarray(head.length, head.length + encodedLength));
  letGo(bytes);
  out.set(tail, head.length + encodedLength);
  return out;
}

/** Base64 without strings: the garbage of the runtime's encoders adds up to several clips (npm run bench). */
function encodeInto(bytes: Uint8Array, out: Uint8Array): void {
  const byteAt = (index: number) => bytes[index] ?? 0;
  const character = (bits: number) => ALPHABET[bits & 63] ?? PADDING;
  let to = 0;
  for (let from = 0; from < bytes.length; from += 3) {
    const bits = (byteAt(from) << 16) | (byteAt(from + 1) << 8) | byteAt(from + 2);
    out[to++] = character(bits >> 18);
    out[to++] = character(bits >> 12);
    out[to++] = from + 1 < bytes.length ? character(bits >> 6) : PADDING;
    out[to++] = from + 2 < bytes.length ? character(bits) : PADDING;
  }
}
