import { Buffer } from "node:buffer";
import type { Bytes } from "../../../../supabase/functions/_shared/bytes.ts";

/** A multipart form as an upload is read: its first file, and the fields that stand before it. */
export type Form = {
  fields: Map<string, string>;
  file: { bytes: Bytes; type: string } | null;
};

/**
 * Takes a `multipart/form-data` body (RFC 7578) apart up to its first file; null when the type names no boundary. Deno's own
 * parser drops fields whose name is empty, which is how supabase-js sends a Blob. A file's type is told without its
 * parameters and in lower case, and as text where it declares none: so does busboy, which hosted Storage reads forms with.
 */
export function parseForm(body: Uint8Array, contentType: string): Form | null {
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (!boundary) return null;
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
