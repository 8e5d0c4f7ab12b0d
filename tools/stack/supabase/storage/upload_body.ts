import { Buffer } from "node:buffer";
import { z } from "zod";
import type { Bytes } from "../../../../supabase/functions/_shared/bytes.ts";
import { entityTooLarge, invalidMimeType, noUpload } from "./storage_errors.ts";

const bucketSchema = z.object({
  file_size_limit: z.number().nullish(),
  allowed_mime_types: z.array(z.string()).nullish(),
});

export type BucketRules = { sizeLimit: number; types: string[] | null };

/** Reads a bucket's rules from the embedded Storage's answer. `defaultLimit` in bytes is for buckets that set none. */
export function parseBucketRules(bucket: unknown, defaultLimit: number): BucketRules {
  const { file_size_limit, allowed_mime_types } = bucketSchema.parse(bucket);
  return { sizeLimit: file_size_limit ?? defaultLimit, types: allowed_mime_types ?? null };
}

export type Upload = { bytes: Bytes; type: string; cacheControl: string; metadata: Record<string, unknown> };

/** Room for what a multipart body holds besides the file, in bytes. */
const multipartRoom = 64 * 1024;

/** How much of a body that is too large is still read, so that its sender gets to see the answer, in bytes. */
const drainLimit = 128 * 1024 * 1024;

/** Reads a body of at most `limit` bytes; null when it is longer. Never holds more than that. */
async function readBounded(body: ReadableStream<Bytes> | null, limit: number): Promise<Bytes | null> {
  const chunks: Bytes[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > limit) chunks.length = 0;
    else chunks.push(chunk);
    if (length > drainLimit) break;
  }
  return length > limit ? null : await new Blob(chunks).bytes();
}

const mediaType = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(;.*)?$/;
/** A media type alone: `audio/mp4` of `audio/mp4;codecs=mp4a.40.2`. */
export const withoutParameters = (type: string) => type.split(";")[0]?.trim() ?? "";

/**
 * Throws where the bucket does not take the type. Case counts, and parameters do not: Storage compares without them since
 * September 2026 (https://github.com/supabase/storage/pull/1382).
 */
function checkType(type: string, { types }: BucketRules): void {
  if (!types || types.length === 0) return;
  if (!mediaType.test(type)) throw invalidMimeType("Invalid Content-Type header");
  const [main, sub] = withoutParameters(type).split("/");
  const takes = types.some((allowed) => {
    const [allowedMain, allowedSub] = withoutParameters(allowed).split("/");
    return main === allowedMain && (allowedSub === "*" || sub === allowedSub);
  });
  if (!takes) throw invalidMimeType(`mime type ${type} is not supported`);
}

/** A user's metadata of an object; anything but an object of JSON counts as none. */
function parseMetadata(text: string | undefined): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text ?? "{}"));
  } catch {
    return {};
  }
}

function fromBase64(text: string | null): string | undefined {
  try {
    return text === null ? undefined : new TextDecoder().decode(Uint8Array.fromBase64(text));
  } catch {
    return undefined;
  }
}

function readForm(bytes: Bytes, declared: string): Upload {
  const { fields, file } = parseForm(bytes, declared);
  if (file === null) throw noUpload("No content provided");
  const cacheTime = fields.get("cacheControl");
  return {
    bytes: file.bytes,
    type: fields.get("contentType") || file.type,
    cacheControl: cacheTime ? `max-age=${cacheTime}` : "no-cache",
    metadata: parseMetadata(fields.get("metadata")),
  };
}

/**
 * Takes in the body of an upload by the bucket's rules, raw or as the multipart form that supabase-js sends for a Blob.
 * Throws hosted Storage's refusal when the rules forbid it.
 */
export async function readUpload(request: Request, rules: BucketRules): Promise<Upload> {
  const declared = request.headers.get("content-type") ?? "application/octet-stream";
  const isMultipart = declared.toLowerCase().startsWith("multipart/form-data");
  const bytes = await readBounded(request.body, rules.sizeLimit + (isMultipart ? multipartRoom : 0));
  if (!isMultipart) checkType(declared, rules);
  if (bytes === null) throw entityTooLarge();
  if (!isMultipart) {
    return {
      bytes,
      type: declared,
      cacheControl: request.headers.get("cache-control") ?? "no-cache",
      metadata: parseMetadata(fromBase64(request.headers.get("x-metadata"))),
    };
  }
  const upload = readForm(bytes, declared);
  if (upload.bytes.length > rules.sizeLimit) throw entityTooLarge();
  checkType(upload.type, rules);
  return upload;
}

/**
 * Takes a `multipart/form-data` body (RFC 7578) apart: its first file, and the fields before it. Deno's own parser drops
 * fields whose name is empty, which is how supabase-js sends a Blob. A file's type comes without its parameters and in
 * lower case, and as text where it declares none, as from busboy, which hosted Storage reads forms with.
 */
function parseForm(body: Uint8Array, contentType: string) {
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (!boundary) throw noUpload("Multipart: Boundary not found");
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const delimiter = `--${boundary}`;
  const fields = new Map<string, string>();
  let at = bytes.indexOf(delimiter);
  while (at !== -1) {
    const headersAt = at + delimiter.length + 2;
    const headersEnd = bytes.indexOf("\r\n\r\n", headersAt);
    // From the line's end on: the content of an empty part begins with the delimiter.
    const next = headersEnd === -1 ? -1 : bytes.indexOf(`\r\n${delimiter}`, headersEnd + 2);
    if (next === -1) break;
    const headers = bytes.toString("utf8", headersAt, headersEnd);
    const content = bytes.subarray(headersEnd + 4, next);
    const [, disposition = ""] = /^content-disposition:(.*)$/im.exec(headers) ?? [];
    if (/;\s*filename\*?=/i.test(disposition)) {
      const declared = /^content-type:\s*([^;\r\n]+)/im.exec(headers)?.[1];
      const type = declared?.trim().toLowerCase() ?? "text/plain";
      return { fields, file: { bytes: new Uint8Array(content), type } };
    }
    const name = /;\s*name="([^"]*)"/i.exec(disposition)?.[1];
    if (name !== undefined) fields.set(name, content.toString("utf8"));
    at = next + 2;
  }
  return { fields, file: null };
}
