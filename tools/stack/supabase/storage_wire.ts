import type { Keys } from "../keys.ts";
import type { Database } from "../postgres/project_database.ts";
import type { ObjectStore } from "./object_store.ts";
import { downloadAnswer } from "./storage/download.ts";
import { createEmbeddedStorage } from "./storage/embedded_storage.ts";
import type { StoragePath, StorageRoute } from "./storage/object_keys.ts";
import { createObjectRoutes } from "./storage/object_routes.ts";
import { checkBody } from "./storage/request_bodies.ts";
import { checkUrlToken, createSigningRoutes } from "./storage/signed_urls.ts";
import { hostedError, invalidRequest, nulInKey, StorageError } from "./storage/storage_errors.ts";
import { bucketAnswer, infoAnswer } from "./storage/storage_rows.ts";
import { createUploadRoutes } from "./storage/upload_routes.ts";

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
  const { database, objects: store, keys: { jwtSecret, secretKey }, sizeLimit } = options;
  const embedded = createEmbeddedStorage({ send: options.embedded, secretKey });
  const uploads = createUploadRoutes({ embedded, database, sizeLimit });
  const signing = createSigningRoutes({ embedded });
  const objects = createObjectRoutes({ embedded });

  const downloadSigned: StorageRoute = async (request, path) => {
    await checkUrlToken({ request, path, intent: "download", jwtSecret });
    const row = await embedded.rowOf(request, path, "service");
    return await downloadAnswer({ request, row, objects: store, isSigned: true });
  };
  const download: StorageRoute = async (request, path) => {
    const row = await embedded.rowOf(request, path, "caller");
    return await downloadAnswer({ request, row, objects: store, isSigned: false });
  };
  const info: StorageRoute = async (request, path) =>
    infoAnswer(await embedded.rowOf(request, path, "caller"), request.method);

  const uploadSigned = reading(async (request, path) => {
    await checkUrlToken({ request, path, intent: "upload", jwtSecret });
    return await uploads.signed(request, path);
  });
  const upload = reading(uploads.direct);

  const passed = async (request: Request, forBucket: boolean) => {
    const answer = await embedded.pass(request);
    if (!answer.ok) throw await hostedError(answer, forBucket);
    return answer;
  };
  const readBucket: StorageRoute = async (request) =>
    bucketAnswer(await (await passed(request, true)).json());
  const changeBucket: StorageRoute = async (request) => {
    await checkBody(request);
    return await passed(request, true);
  };
  const other: StorageRoute = (request) => passed(request, false);

  /** READ is GET and HEAD where neither stands for itself; OTHER is any further method. */
  const routes: [path: RegExp, methods: Record<string, StorageRoute>][] = [
    [/^\/object\/upload\/sign\/([^/]+)\/(.+)$/, { POST: signing.upload, PUT: uploadSigned }],
    [/^\/object\/sign\/([^/]+)$/, { POST: signing.many }],
    [/^\/object\/sign\/([^/]+)\/(.+)$/, { POST: signing.one, READ: downloadSigned }],
    [/^\/object\/info(?:\/authenticated|\/public)?\/([^/]+)\/(.+)$/, { READ: info }],
    [/^\/object\/list\/([^/]+)$/, { POST: objects.list }],
    [/^\/object\/list-v2\/([^/]+)$/, { POST: objects.listV2 }],
    [/^\/object\/public\/([^/]+)\/(.+)$/, { READ: download }],
    [/^\/object\/copy$/, { POST: objects.copy }],
    [/^\/object\/move$/, { POST: objects.move }],
    [/^\/object\/([^/]+)$/, { DELETE: objects.removeMany }],
    [
      /^\/object\/(?:authenticated\/)?([^/]+)\/(.+)$/,
      { READ: download, POST: upload, PUT: upload, DELETE: objects.removeOne },
    ],
    [/^\/bucket(?:\/([^/]+).*)?$/, { GET: readBucket, OTHER: changeBucket }],
    [/^\/status$/, { READ: () => Promise.resolve(new Response(null)) }],
  ];

  async function route(request: Request): Promise<Response> {
    const path = new URL(request.url).pathname.replace(/^\/storage\/v1/, "");
    for (const [pattern, methods] of routes) {
      const match = pattern.exec(path);
      if (!match) continue;
      const read = ["GET", "HEAD"].includes(request.method) ? methods["READ"] : undefined;
      const handler = methods[request.method] ?? read ?? methods["OTHER"] ?? other;
      return await handler(request, pathOf(match));
    }
    return await embedded.pass(request);
  }

  return async (request) => {
    const answer = await route(request).catch((error) => {
      if (error instanceof StorageError) return error.response();
      throw error;
    });
    if (answer.headers.get("content-type") !== "application/json") return answer;
    const headers = new Headers(answer.headers);
    headers.set("content-type", "application/json; charset=utf-8");
    return new Response(answer.body, { status: answer.status, headers });
  };
}

/** Bucket and decoded key of a URL. Throws hosted Storage's refusal where nothing can have that name. */
function pathOf([path, bucket = "", encoded = ""]: RegExpExecArray): StoragePath {
  let key: string;
  try {
    key = decodeURIComponent(encoded);
  } catch {
    throw invalidRequest(`'${path}' is not a valid url component`);
  }
  if (key.includes("\0")) throw nulInKey();
  return { bucket, key };
}

/** A route that reads the rest of a body that it refuses, so that its sender gets to see the answer. */
function reading(route: StorageRoute): StorageRoute {
  return async (request, path) => {
    try {
      return await route(request, path);
    } catch (error) {
      await request.body?.pipeTo(new WritableStream()).catch(() => {});
      throw error;
    }
  };
}
