import { z } from "zod";
import type { Bytes } from "../../../../supabase/functions/_shared/bytes.ts";
import { entityTooLarge, invalidMimeType, noUpload, unreadableMimeType } from "./errors.ts";
import { parseForm } from "./multipart.ts";

const bucketSchema = z.object({
  file_size_limit: z.number().nullish(),
  allowed_mime_types: z.array(z.string()).nullish(),
});

/** What a bucket takes. */
export type BucketRules = { sizeLimit: number; types: string[] | null };

/** Reads a bucket's rules from the embedded Storage's answer. `defaultLimit` in bytes is for buckets that set none. */
export function parseBucketRules(bucket: unknown, defaultLimit: number): BucketRules {
  const { file_size_limit, allowed_mime_types } = bucketSchema.parse(bucket);
  return { sizeLimit: file_size_limit ?? defaultLimit, types: allowed_mime_types ?? null };
}

/** An upload as it is stored. */
export type Upload = {
  bytes: Bytes;
  type: string;
  cacheControl: string;
  metadata: Record<string, unknown>;
};

/** Room for what a multipart body holds besides the file, in bytes. */
const multipartRoom = 64 * 1024;

/** How much of a body that is too large is still read, so that its sender gets to see the answer, in bytes. */
const drainLimit = 128 * 1024 * 1024;

/** Reads a body of at most `limit` bytes; null when it is longer. Never holds more than that. */
async function readBounded(
  body: ReadableStream<Uint8Array> | null,
  limit: number,
): Promise<Bytes | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > limit) chunks.length = 0;
    else chunks.push(chunk);
    if (length > drainLimit) break;
  }
  if (length > limit) return null;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

const mediaType = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(;.*)?$/;
/** A media type alone: `audio/mp4` of `audio/mp4;codecs=mp4a.40.2`. */
export const withoutParameters = (type: string) => type.split(";")[0]?.trim() ?? "";

/**
 * Null where the bucket takes the type. Case counts, and parameters do not: Storage compares without them since September
 * 2026 (https://github.com/supabase/storage/pull/1382).
 */
function refuseType(type: string, { types }: BucketRules): Response | null {
  if (!types || types.length === 0) return null;
  if (!mediaType.test(type)) return unreadableMimeType();
  const [main, sub] = withoutParameters(type).split("/");
  const takes = types.some((allowed) => {
    const [allowedMain, allowedSub] = withoutParameters(allowed).split("/");
    return main === allowedMain && (allowedSub === "*" || sub === allowedSub);
  });
  return takes ? null : invalidMimeType(type);
}

/** What is told of an object besides its bytes; anything but an object of JSON is as nothing. */
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

function readForm(bytes: Bytes, declared: string): Upload | Response {
  const form = parseForm(bytes, declared);
  if (form === null) return noUpload("Multipart: Boundary not found");
  const { fields, file } = form;
  if (file === null) return noUpload("No content provided");
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
 * Gives hosted Storage's answer instead when the rules refuse it.
 */
export async function readUpload(request: Request, rules: BucketRules): Promise<Upload | Response> {
  const declared = request.headers.get("content-type") ?? "application/octet-stream";
  const isMultipart = declared.toLowerCase().startsWith("multipart/form-data");
  const bytes = await readBounded(request.body, rules.sizeLimit + (isMultipart ? multipartRoom : 0));
  const refusal = isMultipart ? null : refuseType(declared, rules);
  if (refusal) return refusal;
  if (bytes === null) return entityTooLarge();
  if (!isMultipart) {
    return {
      bytes,
      type: declared,
      cacheControl: request.headers.get("cache-control") ?? "no-cache",
      metadata: parseMetadata(fromBase64(request.headers.get("x-metadata"))),
    };
  }
  const upload = readForm(bytes, declared);
  if (upload instanceof Response) return upload;
  if (upload.bytes.length > rules.sizeLimit) return entityTooLarge();
  return refuseType(upload.type, rules) ?? upload;
}
