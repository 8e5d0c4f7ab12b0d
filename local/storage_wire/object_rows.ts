import { z } from "zod";

const rowSchema = z.object({
  id: z.string(),
  name: z.string(),
  version: z.string().nullish(),
  bucket_id: z.string(),
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
export function parseRow(value: unknown): ObjectRow {
  return rowSchema.parse(value);
}

/** Reads the rows of a list, leaving out what is no complete object. */
export function parseRows(value: unknown): ObjectRow[] {
  return z.array(z.unknown()).parse(value).flatMap((item) => {
    const parsed = rowSchema.safeParse(item);
    return parsed.success ? [parsed.data] : [];
  });
}

/** PostgreSQL's time as hosted Storage writes it. */
export function isoTime(time: string): string {
  return new Date(time).toISOString();
}

/** The answer of hosted Storage to `GET /object/info/BUCKET/KEY`. */
export function infoAnswer(row: ObjectRow): Response {
  return Response.json({
    id: row.id,
    name: row.name,
    version: row.version ?? null,
    bucket_id: row.bucket_id,
    size: row.metadata.size,
    content_type: row.metadata.mimetype,
    cache_control: row.metadata.cacheControl,
    etag: row.metadata.eTag,
    metadata: row.user_metadata ?? {},
    last_modified: isoTime(row.metadata.lastModified),
    created_at: isoTime(row.created_at),
  });
}
