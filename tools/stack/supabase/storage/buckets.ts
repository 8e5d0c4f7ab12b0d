import { z } from "zod";
import { isoTime } from "./object_rows.ts";

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

function bucketOf(row: z.infer<typeof bucketRow>, more: { type?: string } = {}) {
  return {
    id: row.id,
    name: row.name,
    owner: row.owner ?? "",
    public: row.public,
    ...more,
    file_size_limit: row.file_size_limit ?? null,
    allowed_mime_types: row.allowed_mime_types ?? null,
    created_at: isoTime(row.created_at),
    updated_at: isoTime(row.updated_at),
  };
}

/** A bucket of the embedded Storage, or a list of them, as hosted Storage tells it. Throws when it is neither. */
export function bucketAnswer(value: unknown): Response {
  const one = bucketRow.safeParse(value);
  if (one.success) return Response.json(bucketOf(one.data));
  return Response.json(z.array(bucketRow).parse(value).map((row) => bucketOf(row, { type: "STANDARD" })));
}
