import { z } from "zod";
import type { Database } from "../../postgres/project_database.ts";
import type { EmbeddedStorage } from "./embedded_storage.ts";
import {
  checkKey,
  escapeDelimiters,
  inEmbeddedUrl,
  type StoragePath,
  type StorageRoute,
} from "./object_keys.ts";
import { parseBucketRules, readUpload, type Upload, withoutParameters } from "./upload_body.ts";

const uploaded = z.object({ Key: z.string(), Id: z.string() });

/** The routes that take uploads in by the rules of their buckets. */
export function createUploadRoutes(
  { embedded, database, sizeLimit }: {
    embedded: EmbeddedStorage;
    database: Database;
    /** In bytes, for buckets that set none. */
    sizeLimit: number;
  },
) {
  const inTurn = createTurns();

  /** What the embedded Storage does not take in with an object: it refuses a type with parameters. */
  async function keep({ bucket, key }: StoragePath, { type, cacheControl, metadata }: Upload): Promise<void> {
    const [own, users] = [{ mimetype: type, cacheControl }, metadata].map((value) => JSON.stringify(value));
    await database`
      update storage.objects
      set metadata = metadata || ${own ?? ""}::text::jsonb, user_metadata = ${users ?? ""}::text::jsonb
      where bucket_id = ${bucket} and name in (${key}, ${escapeDelimiters(key)})`;
  }

  async function store(request: Request, path: StoragePath, to: string): Promise<Response> {
    checkKey(path.key);
    const bucket = await embedded.askAsService(request, `/bucket/${path.bucket}`);
    const upload = await readUpload(request, parseBucketRules(await bucket.json(), sizeLimit));
    const headers = {
      "content-type": withoutParameters(upload.type),
      "content-length": `${upload.bytes.length}`,
    };
    // The embedded Storage looks whether the key is free, writes the bytes, then the row: two at once would overwrite.
    return await inTurn(`${path.bucket}/${path.key}`, async () => {
      const answer = await embedded.put(request, to, { headers, bytes: upload.bytes });
      await keep(path, upload);
      return answer;
    });
  }

  return {
    /** A PUT to a signed URL whose token was checked. */
    async signed(request, path) {
      const { search } = new URL(request.url);
      await store(request, path, `/object/upload/sign/${path.bucket}/${inEmbeddedUrl(path.key)}${search}`);
      return Response.json({ Key: `${path.bucket}/${path.key}` });
    },

    /** A POST or PUT with a key. */
    async direct(request, path) {
      const answer = await store(request, path, `/object/${path.bucket}/${inEmbeddedUrl(path.key)}`);
      const { Id } = uploaded.parse(await answer.json());
      return Response.json({ Key: `${path.bucket}/${path.key}`, Id });
    },
  } satisfies Record<string, StorageRoute>;
}

/** Runs tasks of one name one after another; tasks of different names do not wait for each other. */
function createTurns() {
  const last = new Map<string, Promise<unknown>>();
  return <T>(name: string, task: () => Promise<T>): Promise<T> => {
    const mine = (last.get(name) ?? Promise.resolve()).then(task, task);
    last.set(name, mine);
    const forget = () => {
      if (last.get(name) === mine) last.delete(name);
    };
    mine.then(forget, forget);
    return mine;
  };
}
