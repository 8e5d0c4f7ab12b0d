import { z } from "zod";
import type { Keys } from "./keys.ts";
import type { ObjectStore } from "./object_store.ts";
import { downloadAnswer } from "./storage_wire/download.ts";
import { invalidRequest, mendError, noSuchKey } from "./storage_wire/errors.ts";
import { folderOf, listEntries, parseListRequest } from "./storage_wire/listing.ts";
import { infoAnswer, type ObjectRow, parseRow, parseRows } from "./storage_wire/object_rows.ts";
import { parseStoragePath, type StoragePath } from "./storage_wire/paths.ts";
import { checkUrlToken } from "./storage_wire/tokens.ts";
import { createTurns } from "./storage_wire/turns.ts";
import { parseBucketRules, readUpload } from "./storage_wire/upload.ts";

const uploadSigned = z.object({ signedUrl: z.string(), token: z.string() });
const signed = z.object({ signedUrl: z.string() });
const manyToSign = z.object({ expiresIn: z.number(), paths: z.array(z.string()) });
const toCopy = z.looseObject({
  bucketId: z.string(),
  destinationKey: z.string(),
  destinationBucket: z.string().optional(),
});
const uploaded = z.object({ Key: z.string(), Id: z.string() });

const listPage = 1_000;
const withoutPrefix = (url: string) => url.replace(/^\/storage\/v1/, "");

/**
 * Puts the wire format of hosted Storage in front of the embedded one. Who may do what is decided by the embedded Storage and
 * the policies in the database; shapes, limits, ranges and error codes are answered here.
 */
export function createStorageWire(
  { embedded, objects, keys, sizeLimit }: {
    embedded: (request: Request) => Promise<Response>;
    objects: ObjectStore;
    keys: Keys;
    /** In bytes, for buckets that set none. */
    sizeLimit: number;
  },
): (request: Request) => Promise<Response> {
  const inTurn = createTurns();

  /** Asks the embedded Storage with the caller's credentials. */
  function ask(request: Request, path: string, method: string, body?: unknown): Promise<Response> {
    const headers = new Headers({ "content-type": "application/json" });
    for (const name of ["apikey", "authorization", "x-upsert", "x-metadata"]) {
      const value = request.headers.get(name);
      if (value !== null) headers.set(name, value);
    }
    return embedded(
      new Request(new URL(`/storage/v1${path}`, request.url), {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
  }

  /** Asks with the secret key, where a signed URL has already proved the right. */
  function askAsService(request: Request, path: string): Promise<Response> {
    const headers = { apikey: keys.secretKey, "content-type": "application/json" };
    return embedded(new Request(new URL(`/storage/v1${path}`, request.url), { headers }));
  }

  async function rowOr(response: Response): Promise<ObjectRow | Response> {
    return response.ok ? parseRow(await response.json()) : await mendError(response, false);
  }

  async function mended<T>(
    response: Response,
    schema: z.ZodType<T>,
    shape: (value: T) => unknown,
  ): Promise<Response> {
    if (!response.ok) return await mendError(response, false);
    return Response.json(shape(schema.parse(await response.json())));
  }

  async function read(request: Request, row: ObjectRow | Response): Promise<Response> {
    return row instanceof Response ? row : await downloadAnswer({ request, row, objects });
  }

  async function upload(request: Request, path: StoragePath): Promise<Response> {
    const bucket = await askAsService(request, `/bucket/${path.bucket}`);
    if (!bucket.ok) return await mendError(bucket, false);
    const body = await readUpload(request, parseBucketRules(await bucket.json(), sizeLimit));
    if (body instanceof Response) return body;
    const headers = new Headers(request.headers);
    headers.set("content-type", body.type.toLowerCase());
    headers.set("content-length", `${body.bytes.length}`);
    // The embedded Storage looks whether the key is free, writes the bytes, then the row: two at once would overwrite.
    const answer = await inTurn(
      `${path.bucket}/${path.key}`,
      () => embedded(new Request(request.url, { method: request.method, headers, body: body.bytes })),
    );
    return answer.ok ? answer : await mendError(answer, false);
  }

  async function list(request: Request, path: StoragePath): Promise<Response> {
    const wanted = parseListRequest(await request.json().catch(() => null));
    if (!wanted) return invalidRequest("body must be a list request");
    const rows: ObjectRow[] = [];
    for (let offset = 0;; offset += listPage) {
      const body = { prefix: folderOf(wanted), limit: listPage, offset };
      const response = await ask(request, `/object/list/${path.bucket}`, "POST", body);
      if (!response.ok) return await mendError(response, false);
      const page = z.array(z.unknown()).parse(await response.json());
      rows.push(...parseRows(page));
      if (page.length < listPage) return Response.json(listEntries(rows, wanted));
    }
  }

  /** One by one: the embedded Storage takes a request for many for one without a key. */
  async function signMany(request: Request, path: StoragePath): Promise<Response> {
    const wanted = manyToSign.safeParse(await request.json().catch(() => null));
    if (!wanted.success) return invalidRequest("body must have paths and expiresIn");
    const { expiresIn, paths } = wanted.data;
    const items = await Promise.all(paths.map(async (key) => {
      const name = key.split("/").map(encodeURIComponent).join("/");
      const answer = await ask(request, `/object/sign/${path.bucket}/${name}`, "POST", { expiresIn });
      const parsed = signed.safeParse(await answer.json());
      return parsed.success ? { error: null, path: key, signedURL: withoutPrefix(parsed.data.signedUrl) } : {
        error: "Either the object does not exist or you do not have access to it",
        path: key,
        signedURL: null,
      };
    }));
    return Response.json(items);
  }

  async function copy(request: Request): Promise<Response> {
    const wanted = toCopy.safeParse(await request.json().catch(() => null));
    if (!wanted.success) return invalidRequest("body must have bucketId, sourceKey and destinationKey");
    const { bucketId, destinationBucket = bucketId, destinationKey } = wanted.data;
    const answer = await ask(request, "/object/copy", "POST", wanted.data);
    return answer.ok
      ? Response.json({ Key: `${destinationBucket}/${destinationKey}` })
      : await mendError(answer, false);
  }

  async function removeOne(request: Request, path: StoragePath): Promise<Response> {
    const prefixes = [decodeURIComponent(path.key)];
    const response = await ask(request, `/object/${path.bucket}`, "DELETE", { prefixes });
    if (!response.ok) return await mendError(response, false);
    const removed = z.array(z.unknown()).parse(await response.json());
    return removed.length === 0 ? noSuchKey() : Response.json({ message: "Successfully deleted" });
  }

  return async (request) => {
    const url = new URL(request.url);
    const path = parseStoragePath(url.pathname);
    const isRead = request.method === "GET" || request.method === "HEAD";
    const info = `/object/info/${path.bucket}/${path.key}`;

    switch (`${isRead ? "READ" : request.method} ${path.kind}`) {
      case "POST upload-sign": {
        const answer = await ask(request, withoutPrefix(url.pathname), "POST", {});
        return await mended(
          answer,
          uploadSigned,
          ({ signedUrl, token }) => ({ url: withoutPrefix(signedUrl), token }),
        );
      }
      case "PUT upload-sign": {
        const refusal = await checkUrlToken({ url, path, intent: "upload", jwtSecret: keys.jwtSecret });
        if (refusal) return await drained(request, refusal);
        const answer = await upload(request, path);
        return answer.ok ? Response.json({ Key: `${path.bucket}/${decodeURIComponent(path.key)}` }) : answer;
      }
      case "POST object":
      case "PUT object": {
        const answer = await upload(request, path);
        return answer.ok ? Response.json(uploaded.parse(await answer.json())) : answer;
      }
      case "POST sign": {
        const body: unknown = await request.json().catch(() => ({}));
        const answer = await ask(request, withoutPrefix(url.pathname), "POST", body);
        return await mended(answer, signed, ({ signedUrl }) => ({ signedURL: withoutPrefix(signedUrl) }));
      }
      case "POST sign-many":
        return await signMany(request, path);
      case "POST copy":
        return await copy(request);
      case "READ sign": {
        const refusal = await checkUrlToken({ url, path, intent: "download", jwtSecret: keys.jwtSecret });
        return refusal ?? await read(request, await rowOr(await askAsService(request, info)));
      }
      case "READ object":
      case "READ public":
        return await read(request, await rowOr(await ask(request, info, "GET")));
      case "READ info": {
        const row = await rowOr(await ask(request, info, "GET"));
        if (row instanceof Response) return row;
        return request.method === "HEAD" ? new Response(null) : infoAnswer(row);
      }
      case "POST list":
        return await list(request, path);
      case "DELETE object":
        return await removeOne(request, path);
      default: {
        const answer = await embedded(request);
        return answer.ok || path.kind === "other" ? answer : await mendError(answer, path.kind === "bucket");
      }
    }
  };
}

/** Reads the rest of a body that nobody wants, so that its sender gets to see the answer. */
async function drained(request: Request, answer: Response): Promise<Response> {
  await request.body?.pipeTo(new WritableStream()).catch(() => {});
  return answer;
}
