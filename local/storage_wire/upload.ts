import { z } from "zod";
import type { Bytes } from "../../supabase/functions/_shared/bytes.ts";
import { type FilePart, findFilePart } from "./multipart.ts";
import { entityTooLarge, invalidMimeType, invalidRequest } from "./errors.ts";

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

function typeIsAllowed(type: string, { types }: BucketRules): boolean {
  if (!types || types.length === 0) return true;
  const [main = "", sub = ""] = type.toLowerCase().split("/");
  return types.some((allowed) => {
    const [allowedMain = "", allowedSub = ""] = allowed.toLowerCase().split("/");
    return main === allowedMain && (allowedSub === "*" || sub === allowedSub);
  });
}

/**
 * Takes in the body of an upload by the bucket's rules, raw or as the multipart form that supabase-js sends for a Blob.
 * Gives hosted Storage's answer instead when the rules refuse it.
 */
export async function readUpload(request: Request, rules: BucketRules): Promise<FilePart | Response> {
  const declared = request.headers.get("content-type") ?? "application/octet-stream";
  const isMultipart = declared.toLowerCase().startsWith("multipart/form-data");
  const bytes = await readBounded(request.body, rules.sizeLimit + (isMultipart ? multipartRoom : 0));
  if (!isMultipart && !typeIsAllowed(declared, rules)) return invalidMimeType(declared);
  if (bytes === null) return entityTooLarge();
  const upload = isMultipart ? findFilePart(bytes, declared) : { bytes, type: declared };
  if (upload === null) return invalidRequest("Missing file in the multipart body");
  if (!typeIsAllowed(upload.type, rules)) return invalidMimeType(upload.type);
  return upload.bytes.length > rules.sizeLimit ? entityTooLarge() : upload;
}
