import { z } from "zod";
import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";

/** What a deploy tells beside the files (Management API, "Deploy a function"); anything more is a change worth a look. */
export const metadataSchema = z.strictObject({
  name: z.string(),
  entrypoint_path: z.string(),
  import_map_path: z.string().optional(),
  static_patterns: z.array(z.string()),
  verify_jwt: z.boolean().optional(),
});

/** One file as it was sent. */
export type UploadedFile = {
  /** As the sender named it: from the root of the checkout, with forward slashes. */
  path: string;
  bytes: Bytes;
};

/** One deploy of one function. */
export type Upload = {
  slug: string;
  metadata: z.infer<typeof metadataSchema>;
  files: UploadedFile[];
};

/** Reads a deploy out of its form. Throws when a part is missing, is of another kind, or is none that a deploy has. */
export async function readUpload(slug: string, form: FormData): Promise<Upload> {
  const files: UploadedFile[] = [];
  for (const [name, part] of form) {
    if (name === "file" && part instanceof File) files.push({ path: part.name, bytes: await part.bytes() });
    else if (name !== "metadata") throw new Error(`A deploy has no part "${name}" of this kind.`);
  }
  const metadata = metadataSchema.parse(JSON.parse(z.string().parse(form.get("metadata"))));
  return { slug, metadata, files };
}
