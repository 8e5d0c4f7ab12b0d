import { z } from "zod";
import { readBody, strings } from "./bodies.ts";
import type { Embedded } from "./embedded.ts";
import { mendError, noSuchKey, saysNoBucket } from "./errors.ts";
import { folderOf, listEntries, listRequest, listV2Entries, listV2Request } from "./listing.ts";
import { type ObjectRow, parseRows, wholeRow } from "./object_rows.ts";
import { refuseKey, type StoragePath } from "./paths.ts";

const toRemove = z.object({ prefixes: strings });
const toCopy = z.looseObject({
  bucketId: z.string(),
  sourceKey: z.string(),
  destinationKey: z.string(),
  destinationBucket: z.string().optional(),
});

const listPage = 1_000;

/** Lists, removes, copies and moves objects. */
export function createObjects({ embedded }: { embedded: Embedded }) {
  /** Every row below a folder; none in a bucket that is not there. */
  async function rowsBelow(
    request: Request,
    bucket: string,
    folder: string,
  ): Promise<ObjectRow[] | Response> {
    const rows: ObjectRow[] = [];
    for (let offset = 0;; offset += listPage) {
      const body = { prefix: folder, limit: listPage, offset };
      const response = await embedded.ask(request, `/object/list/${bucket}`, "POST", body);
      if (!response.ok) return await saysNoBucket(response) ? [] : await mendError(response, false);
      const page = z.array(z.unknown()).parse(await response.json());
      rows.push(...parseRows(page));
      if (page.length < listPage) return rows;
    }
  }

  /** The rows that went; none from a bucket that is not there. */
  async function remove(request: Request, bucket: string, keys: string[]): Promise<ObjectRow[] | Response> {
    const prefixes = [...new Set(keys)];
    const response = await embedded.ask(request, `/object/${bucket}`, "DELETE", { prefixes });
    if (!response.ok) return await saysNoBucket(response) ? [] : await mendError(response, false);
    return parseRows(await response.json());
  }

  return {
    /** `POST /object/list/BUCKET` */
    async list(request: Request, { bucket }: StoragePath): Promise<Response> {
      const wanted = await readBody(request, listRequest);
      if (wanted instanceof Response) return wanted;
      const rows = await rowsBelow(request, bucket, folderOf(wanted.prefix));
      return rows instanceof Response ? rows : Response.json(listEntries(rows, wanted));
    },

    /** `POST /object/list-v2/BUCKET` */
    async listV2(request: Request, { bucket }: StoragePath): Promise<Response> {
      const wanted = await readBody(request, listV2Request);
      if (wanted instanceof Response) return wanted;
      const rows = await rowsBelow(request, bucket, wanted.prefix);
      return rows instanceof Response ? rows : Response.json(listV2Entries(rows, wanted));
    },

    /** `DELETE /object/BUCKET` */
    async removeMany(request: Request, { bucket }: StoragePath): Promise<Response> {
      const wanted = await readBody(request, toRemove);
      if (wanted instanceof Response) return wanted;
      const removed = await remove(request, bucket, wanted.prefixes);
      return removed instanceof Response ? removed : Response.json(removed.map(wholeRow));
    },

    /** `DELETE /object/BUCKET/KEY` */
    async removeOne(request: Request, { bucket, key }: StoragePath): Promise<Response> {
      const removed = await remove(request, bucket, [key]);
      if (removed instanceof Response) return removed;
      return removed.length === 0 ? noSuchKey() : Response.json({ message: "Successfully deleted" });
    },

    /** `POST /object/copy` */
    async copy(request: Request, path: StoragePath): Promise<Response> {
      const wanted = await readBody(request, toCopy);
      if (wanted instanceof Response) return wanted;
      const { destinationBucket: bucket = wanted.bucketId, destinationKey: key } = wanted;
      const refusal = refuseKey(key);
      if (refusal) return refusal;
      const answer = await embedded.ask(request, "/object/copy", "POST", wanted);
      if (!answer.ok) return await mendError(answer, false);
      const row = await embedded.rowOf(request, { ...path, bucket, key }, "service");
      if (row instanceof Response) return row;
      return Response.json({ Key: `${bucket}/${key}`, Id: row.id, ...wholeRow(row) });
    },

    /** `POST /object/move` */
    async move(request: Request): Promise<Response> {
      const wanted = await readBody(request, toCopy);
      if (wanted instanceof Response) return wanted;
      const refusal = refuseKey(wanted.destinationKey);
      if (refusal) return refusal;
      const answer = await embedded.ask(request, "/object/move", "POST", wanted);
      return answer.ok ? Response.json({ message: "Successfully moved" }) : await mendError(answer, false);
    },
  };
}
