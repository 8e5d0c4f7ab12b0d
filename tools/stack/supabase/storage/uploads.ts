import { z } from "zod";
import type { Database } from "../../postgres/database.ts";
import type { Embedded } from "./embedded.ts";
import { mendError } from "./errors.ts";
import { inEmbeddedUrl, refuseKey, type StoragePath } from "./paths.ts";
import { createTurns } from "./turns.ts";
import { parseBucketRules, readUpload, type Upload, withoutParameters } from "./upload.ts";

const uploaded = z.object({ Key: z.string(), Id: z.string() });

/** Takes uploads in by the rules of their buckets. */
export function createUploads(
  { embedded, database, sizeLimit }: {
    embedded: Embedded;
    database: Database;
    /** In bytes, for buckets that set none. */
    sizeLimit: number;
  },
) {
  const inTurn = createTurns();

  /** What the embedded Storage does not take in with an object: it refuses a type with parameters. */
  async function keep({ bucket, key }: StoragePath, { type, cacheControl, metadata }: Upload): Promise<void> {
    const asJson = JSON.stringify({ mimetype: type, cacheControl });
    await database`
      update storage.objects
      set metadata = metadata || ${asJson}::text::jsonb, user_metadata = ${
      JSON.stringify(metadata)
    }::text::jsonb
      where bucket_id = ${bucket} and name in (${key}, ${key.replace(/[?#]/g, encodeURIComponent)})`;
  }

  async function store(request: Request, path: StoragePath, to: string): Promise<Response> {
    const refusal = refuseKey(path.key);
    if (refusal) return await drained(request, refusal);
    const bucket = await embedded.askAsService(request, `/bucket/${path.bucket}`);
    if (!bucket.ok) return await drained(request, await mendError(bucket, false));
    const upload = await readUpload(request, parseBucketRules(await bucket.json(), sizeLimit));
    if (upload instanceof Response) return upload;
    const headers = {
      "content-type": withoutParameters(upload.type),
      "content-length": `${upload.bytes.length}`,
    };
    // The embedded Storage looks whether the key is free, writes the bytes, then the row: two at once would overwrite.
    return await inTurn(`${path.bucket}/${path.key}`, async () => {
      const answer = await embedded.put(request, to, { headers, bytes: upload.bytes });
      if (!answer.ok) return await mendError(answer, false);
      await keep(path, upload);
      return answer;
    });
  }

  return {
    /** A PUT to a signed URL whose token was checked. */
    async signed(request: Request, path: StoragePath): Promise<Response> {
      const { search } = new URL(request.url);
      const to = `/object/upload/sign/${path.bucket}/${inEmbeddedUrl(path.key)}${search}`;
      const answer = await store(request, path, to);
      return answer.ok ? Response.json({ Key: `${path.bucket}/${path.key}` }) : answer;
    },

    /** A POST or PUT with a key. */
    async direct(request: Request, path: StoragePath): Promise<Response> {
      const answer = await store(request, path, `/object/${path.bucket}/${inEmbeddedUrl(path.key)}`);
      if (!answer.ok) return answer;
      const { Id } = uploaded.parse(await answer.json());
      return Response.json({ Key: `${path.bucket}/${path.key}`, Id });
    },
  };
}

/** Reads the rest of a body that nobody wants, so that its sender gets to see the answer. */
export async function drained(request: Request, answer: Response): Promise<Response> {
  await request.body?.pipeTo(new WritableStream()).catch(() => {});
  return answer;
}
