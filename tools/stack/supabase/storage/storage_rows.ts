import { z } from "zod";

const rowSchema = z.object({
  id: z.string(),
  name: z.string(),
  version: z.string().nullish(),
  bucket_id: z.string(),
  owner: z.string().nullish(),
  owner_id: z.string().nullish(),
  created_at: z.string(),
  updated_at: z.string().nullish(),
  last_accessed_at: z.string().nullish(),
  user_metadata: z.record(z.string(), z.unknown()).nullish(),
  metadata: z.object({
    eTag: z.string(),
    size: z.number(),
    mimetype: z.string(),
    cacheControl: z.string().default("no-cache"),
    lastModified: z.string(),
    contentLength: z.number().nullish(),
    httpStatusCode: z.number().nullish(),
  }),
});

/** An object as the embedded Storage keeps it in `storage.objects`. */
export type ObjectRow = z.infer<typeof rowSchema>;

/** Reads one row from an answer of the embedded Storage. Throws when it is none. */
export const parseRow = (value: unknown): ObjectRow => rowSchema.parse(value);

/** Reads the rows of a list, leaving out what is no complete object. */
export function parseRows(value: unknown): ObjectRow[] {
  return z.array(z.unknown()).parse(value).flatMap((item) => {
    const parsed = rowSchema.safeParse(item);
    return parsed.success ? [parsed.data] : [];
  });
}

const isoTime = (time: string) => new Date(time).toISOString();

/** The times of a row as hosted Storage writes them. */
export const timesOf = (row: ObjectRow) => ({
  updated_at: isoTime(row.updated_at ?? row.created_at),
  created_at: isoTime(row.created_at),
  last_accessed_at: isoTime(row.last_accessed_at ?? row.created_at),
});

/** All of a row, as hosted Storage returns it. */
export function wholeRow(row: ObjectRow) {
  return {
    name: row.name,
    bucket_id: row.bucket_id,
    owner: row.owner ?? "",
    owner_id: row.owner_id ?? "",
    version: row.version ?? null,
    id: row.id,
    ...timesOf(row),
    metadata: row.metadata,
    user_metadata: row.user_metadata ?? {},
  };
}

/** The answer of hosted Storage to a GET or HEAD of `/object/info/BUCKET/KEY`. */
export function infoAnswer(row: ObjectRow, method: string): Response {
  const { size, mimetype, cacheControl, eTag, lastModified } = row.metadata;
  const body = new TextEncoder().encode(JSON.stringify({
    id: row.id,
    name: row.name,
    version: row.version ?? null,
    bucket_id: row.bucket_id,
    size,
    content_type: mimetype,
    cache_control: cacheControl,
    etag: eTag,
    metadata: row.user_metadata ?? {},
    last_modified: isoTime(lastModified),
    created_at: isoTime(row.created_at),
  }));
  return new Response(method === "HEAD" ? null : body, {
    headers: {
      "content-type": "application/json",
      "content-length": `${body.length}`,
      "cache-control": cacheControl,
      etag: eTag,
      "last-modified": new Date(lastModified).toUTCString(),
    },
  });
}

const bucketRow = z.object({
  id: z.string(),
  name: z.string(),
  owner: z.string().nullish(),
  public: z.boolean(),
  file_size_limit: z.number().nullish(),
  allowed_mime_types: z.array(z.string()).nullish(),
  created_at: z.string(),
  updated_at: z.string(),
});

/** A bucket of the embedded Storage, or a list of them, as hosted Storage returns it. Throws when it is neither. */
export function bucketAnswer(value: unknown): Response {
  const bucketOf = (row: z.infer<typeof bucketRow>, more: { type?: string } = {}) => ({
    id: row.id,
    name: row.name,
    owner: row.owner ?? "",
    public: row.public,
    ...more,
    file_size_limit: row.file_size_limit ?? null,
    allowed_mime_types: row.allowed_mime_types ?? null,
    created_at: isoTime(row.created_at),
    updated_at: isoTime(row.updated_at),
  });
  const one = bucketRow.safeParse(value);
  if (one.success) return Response.json(bucketOf(one.data));
  return Response.json(z.array(bucketRow).parse(value).map((row) => bucketOf(row, { type: "STANDARD" })));
}
