import type { Database } from "../postgres/database.ts";
import type { Keys } from "../keys.ts";
import type { ObjectStore } from "./object_store.ts";
import { refuseBody } from "./storage/bodies.ts";
import { bucketAnswer } from "./storage/buckets.ts";
import { downloadAnswer } from "./storage/download.ts";
import { createEmbedded } from "./storage/embedded.ts";
import { mendError } from "./storage/errors.ts";
import { infoAnswer, type ObjectRow } from "./storage/object_rows.ts";
import { createObjects } from "./storage/objects.ts";
import { parseStoragePath, type StoragePath } from "./storage/paths.ts";
import { createSigning } from "./storage/signing.ts";
import { checkUrlToken } from "./storage/tokens.ts";
import { createUploads, drained } from "./storage/uploads.ts";

/**
 * Puts the wire format of hosted Storage in front of the embedded one. Who may do what is decided by the embedded Storage and
 * the policies in the database; shapes, limits, ranges and error codes are answered here.
 */
export function createStorageWire(
  options: {
    embedded: (request: Request) => Promise<Response>;
    database: Database;
    objects: ObjectStore;
    keys: Keys;
    /** In bytes, for buckets that set none. */
    sizeLimit: number;
  },
): (request: Request) => Promise<Response> {
  const { database, objects: store, keys, sizeLimit } = options;
  const embedded = createEmbedded({ send: options.embedded, secretKey: keys.secretKey });
  const uploads = createUploads({ embedded, database, sizeLimit });
  const signing = createSigning({ embedded });
  const objects = createObjects({ embedded });

  const read = (request: Request, row: ObjectRow | Response, isSigned: boolean) =>
    row instanceof Response ? row : downloadAnswer({ request, row, objects: store, isSigned });

  const check = (request: Request, path: StoragePath, intent: "upload" | "download") =>
    checkUrlToken({ url: new URL(request.url), path, intent, jwtSecret: keys.jwtSecret });

  async function bucket(request: Request): Promise<Response> {
    const isRead = request.method === "GET";
    const refusal = isRead ? null : await refuseBody(request);
    if (refusal) return refusal;
    const answer = await embedded.pass(request);
    if (!answer.ok) return await mendError(answer, true);
    return isRead ? bucketAnswer(await answer.json()) : answer;
  }

  async function route(request: Request): Promise<Response> {
    const path = parseStoragePath(new URL(request.url).pathname);
    if (path instanceof Response) return path;
    const isRead = request.method === "GET" || request.method === "HEAD";

    switch (`${isRead ? "READ" : request.method} ${path.kind}`) {
      case "POST upload-sign":
        return await signing.upload(request, path);
      case "PUT upload-sign": {
        const refusal = await check(request, path, "upload");
        return refusal ? await drained(request, refusal) : await uploads.signed(request, path);
      }
      case "POST object":
      case "PUT object":
        return await uploads.direct(request, path);
      case "POST sign":
        return await signing.one(request, path);
      case "POST sign-many":
        return await signing.many(request, path);
      case "POST copy":
        return await objects.copy(request, path);
      case "POST move":
        return await objects.move(request);
      case "READ sign":
        return await check(request, path, "download") ??
          await read(request, await embedded.rowOf(request, path, "service"), true);
      case "READ object":
      case "READ public":
        return await read(request, await embedded.rowOf(request, path, "caller"), false);
      case "READ info": {
        const row = await embedded.rowOf(request, path, "caller");
        return row instanceof Response ? row : infoAnswer(row, request.method);
      }
      case "POST list":
        return await objects.list(request, path);
      case "POST list-v2":
        return await objects.listV2(request, path);
      case "DELETE objects":
        return await objects.removeMany(request, path);
      case "DELETE object":
        return await objects.removeOne(request, path);
      case "READ status":
        return new Response(null);
      default: {
        if (path.kind === "bucket") return await bucket(request);
        const answer = await embedded.pass(request);
        return answer.ok || path.kind === "other" ? answer : await mendError(answer, false);
      }
    }
  }

  return async (request) => {
    const answer = await route(request);
    if (answer.headers.get("content-type") !== "application/json") return answer;
    const headers = new Headers(answer.headers);
    headers.set("content-type", "application/json; charset=utf-8");
    return new Response(answer.body, { status: answer.status, headers });
  };
}
