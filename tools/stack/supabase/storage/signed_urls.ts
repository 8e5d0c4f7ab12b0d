import { errors, jwtVerify } from "jose";
import { z } from "zod";
import type { EmbeddedStorage } from "./embedded_storage.ts";
import { escapeDelimiters, inEmbeddedUrl, type StoragePath, type StorageRoute } from "./object_keys.ts";
import { checkBody, readBody, strings, wholeNumber } from "./request_bodies.ts";
import {
  hostedError,
  invalidJwt,
  invalidRequest,
  invalidSignature,
  noSuchKey,
  saysNoBucket,
  StorageError,
} from "./storage_errors.ts";

const signed = z.object({ signedUrl: z.string() });
const toSign = z.object({ expiresIn: wholeNumber(1) });
const manyToSign = z.object({ expiresIn: wholeNumber(1), paths: strings });

export function createSigningRoutes({ embedded }: { embedded: EmbeddedStorage }) {
  const tokenIn = async (answer: Response) =>
    new URL(signed.parse(await answer.json()).signedUrl, "http://localhost").searchParams.get("token") ?? "";

  /** The path below `/storage/v1` of a signed download. */
  async function download(
    request: Request,
    { bucket, key }: StoragePath,
    expiresIn: number,
  ): Promise<string> {
    const to = `/object/sign/${bucket}/${inEmbeddedUrl(key)}`;
    const answer = await embedded.tryAsk(request, to, "POST", { expiresIn });
    if (!answer.ok) throw await saysNoBucket(answer) ? noSuchKey() : await hostedError(answer);
    return `/object/sign/${bucket}/${key}?token=${await tokenIn(answer)}`;
  }

  return {
    /** `POST /object/upload/sign/BUCKET/KEY` */
    async upload(request, { bucket, key }) {
      await checkBody(request);
      const to = `/object/upload/sign/${bucket}`;
      const token = await tokenIn(await embedded.ask(request, `${to}/${inEmbeddedUrl(key)}`, "POST", {}));
      return Response.json({ url: `${to}/${key}?token=${token}`, token });
    },

    /** `POST /object/sign/BUCKET/KEY` */
    async one(request, path) {
      const { expiresIn } = await readBody(request, toSign);
      return Response.json({ signedURL: await download(request, path, expiresIn) });
    },

    /** `POST /object/sign/BUCKET`, one by one: the embedded Storage takes a request for many for one without a key. */
    async many(request, { bucket }) {
      const { expiresIn, paths } = await readBody(request, manyToSign);
      const error = "Either the object does not exist or you do not have access to it";
      const items = paths.map((path) =>
        download(request, { bucket, key: path }, expiresIn)
          .then((signedURL) => ({ error: null, path, signedURL }))
          .catch((reason) => {
            if (reason instanceof StorageError) return { error, path, signedURL: null };
            throw reason;
          })
      );
      return Response.json(await Promise.all(items));
    },
  } satisfies Record<string, StorageRoute>;
}

const claims = z.object({ bucket: z.string(), sub: z.string(), intent: z.enum(["upload", "download"]) });

/** Whether a token's subject is this key: the embedded Storage keeps what it could not decode as it stood in the URL. */
const names = (sub: string, key: string) => [key, escapeDelimiters(key), inEmbeddedUrl(key)].includes(sub);

/**
 * Checks that the token of a signed URL allows `intent` on that object. Throws hosted Storage's refusal, whose messages are
 * those of jose, which it uses too.
 */
export async function checkUrlToken(
  { request, path, intent, jwtSecret }: {
    request: Request;
    path: StoragePath;
    intent: "upload" | "download";
    jwtSecret: string;
  },
): Promise<void> {
  const token = new URL(request.url).searchParams.get("token");
  if (!token) throw invalidRequest("querystring must have required property 'token'");
  const verified = await jwtVerify(token, new TextEncoder().encode(jwtSecret), { algorithms: ["HS256"] })
    .catch((error) => {
      throw error instanceof errors.JOSEError ? invalidJwt(error.message) : error;
    });
  const { data } = claims.safeParse(verified.payload);
  if (!data) throw invalidSignature();
  if (data.intent !== intent) throw invalidSignature(`Token is not scoped for ${intent}`);
  if (data.bucket !== path.bucket || !names(data.sub, path.key)) throw invalidSignature();
}
