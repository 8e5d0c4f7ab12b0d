import { Buffer } from "node:buffer";
import type { Bytes } from "../../supabase/functions/_shared/bytes.ts";

/** The file in a multipart form and its declared type. */
export type FilePart = { bytes: Bytes; type: string };

/**
 * Finds the first file of a `multipart/form-data` body (RFC 7578), or null. Deno's own parser drops fields whose name is
 * empty, which is how supabase-js sends a Blob.
 */
export function findFilePart(body: Uint8Array, contentType: string): FilePart | null {
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (!boundary) return null;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const delimiter = `--${boundary}`;
  let at = bytes.indexOf(delimiter);
  while (at !== -1) {
    const headersAt = at + delimiter.length + 2;
    const headersEnd = bytes.indexOf("\r\n\r\n", headersAt);
    const next = bytes.indexOf(`\r\n${delimiter}`, headersEnd);
    if (headersEnd === -1 || next === -1) return null;
    const headers = bytes.toString("utf8", headersAt, headersEnd);
    if (/^content-disposition:.*;\s*filename\*?=/im.test(headers)) {
      const type = /^content-type:\s*(.+?)\s*$/im.exec(headers)?.[1] ?? "application/octet-stream";
      return { bytes: new Uint8Array(bytes.subarray(headersEnd + 4, next)), type };
    }
    at = next + 2;
  }
  return null;
}
