import { z } from "zod";
import type { EmbeddedStorage } from "./embedded_storage.ts";
import { folderOf, listEntries, listRequest, listV2Entries, listV2Request } from "./listing.ts";
import { checkKey, type StorageRoute } from "./object_keys.ts";
import { readBody, strings } from "./request_bodies.ts";
import { noSuchKey } from "./storage_errors.ts";
import { type ObjectRow, parseRows, wholeRow } from "./storage_rows.ts";

const toRemove = z.object({ prefixes: strings });
const toCopy = z.looseObject({
  bucketId: z.string(),
  sourceKey: z.string(),
  destinationKey: z.string(),
  destinationBucket: z.string().optional(),
});

const listPage = 1_000;

/** The routes that list, remove, copy and move objects. */
export function createObjectRoutes({ embedded }: { embedded: EmbeddedStorage }) {
  async function rowsBelow(request: Request, bucket: string, folder: string): Promise<ObjectRow[]> {
    const rows: ObjectRow[] = [];
    for (let offset = 0;; offset += listPage) {
      const body = { prefix: folder, limit: listPage, offset };
      const page = await embedded.askForList(request, `/object/list/${bucket}`, "POST", body);
      rows.push(...parseRows(page));
      if (page.length < listPage) return rows;
    }
  }

  async function remove(request: Request, bucket: string, keys: string[]): Promise<ObjectRow[]> {
    const prefixes = [...new Set(keys)];
    return parseRows(await embedded.askForList(request, `/object/${bucket}`, "DELETE", { prefixes }));
  }

  return {
    /** `POST /object/list/BUCKET` */
    async list(request, { bucket }) {
      const wanted = await readBody(request, listRequest);
      return Response.json(listEntries(await rowsBelow(request, bucket, folderOf(wanted.prefix)), wanted));
    },

    /** `POST /object/list-v2/BUCKET` */
    async listV2(request, { bucket }) {
      const wanted = await readBody(request, listV2Request);
      return Response.json(listV2Entries(await rowsBelow(request, bucket, wanted.prefix), wanted));
    },

    /** `DELETE /object/BUCKET` */
    async removeMany(request, { bucket }) {
      const { prefixes } = await readBody(request, toRemove);
      return Response.json((await remove(request, bucket, prefixes)).map(wholeRow));
    },

    /** `DELETE /object/BUCKET/KEY` */
    async removeOne(request, { bucket, key }) {
      if ((await remove(request, bucket, [key])).length === 0) throw noSuchKey();
      return Response.json({ message: "Successfully deleted" });
    },

    /** `POST /object/copy` */
    async copy(request) {
      const wanted = await readBody(request, toCopy);
      const { destinationBucket: bucket = wanted.bucketId, destinationKey: key } = wanted;
      checkKey(key);
      await embedded.ask(request, "/object/copy", "POST", wanted);
      const row = await embedded.rowOf(request, { bucket, key }, "service");
      return Response.json({ Key: `${bucket}/${key}`, Id: row.id, ...wholeRow(row) });
    },

    /** `POST /object/move` */
    async move(request) {
      const wanted = await readBody(request, toCopy);
      checkKey(wanted.destinationKey);
      await embedded.ask(request, "/object/move", "POST", wanted);
      return Response.json({ message: "Successfully moved" });
    },
  } satisfies Record<string, StorageRoute>;
}
