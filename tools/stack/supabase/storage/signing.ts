import { z } from "zod";
import { readBody, refuseBody, strings, wholeNumber } from "./bodies.ts";
import type { Embedded } from "./embedded.ts";
import { mendError, noSuchKey, saysNoBucket } from "./errors.ts";
import { inEmbeddedUrl, type StoragePath } from "./paths.ts";

const signed = z.object({ signedUrl: z.string() });
const toSign = z.object({ expiresIn: wholeNumber(1) });
const manyToSign = z.object({ expiresIn: wholeNumber(1), paths: strings });

/** Signs URLs for uploads and downloads. */
export function createSigning({ embedded }: { embedded: Embedded }) {
  const tokenOf = ({ signedUrl }: z.infer<typeof signed>) =>
    new URL(signedUrl, "http://localhost").searchParams.get("token") ?? "";

  /** The path below `/storage/v1` of a signed download, or why there is none. */
  async function download(
    request: Request,
    path: StoragePath,
    expiresIn: number,
  ): Promise<string | Response> {
    const to = `/object/sign/${path.bucket}/${inEmbeddedUrl(path.key)}`;
    const answer = await embedded.ask(request, to, "POST", { expiresIn });
    if (!answer.ok) return await saysNoBucket(answer) ? noSuchKey() : await mendError(answer, false);
    return `/object/sign/${path.bucket}/${path.key}?token=${tokenOf(signed.parse(await answer.json()))}`;
  }

  return {
    /** `POST /object/upload/sign/BUCKET/KEY` */
    async upload(request: Request, path: StoragePath): Promise<Response> {
      const refusal = await refuseBody(request);
      if (refusal) return refusal;
      const to = `/object/upload/sign/${path.bucket}`;
      const answer = await embedded.ask(request, `${to}/${inEmbeddedUrl(path.key)}`, "POST", {});
      if (!answer.ok) return await mendError(answer, false);
      const token = tokenOf(signed.parse(await answer.json()));
      return Response.json({ url: `${to}/${path.key}?token=${token}`, token });
    },

    /** `POST /object/sign/BUCKET/KEY` */
    async one(request: Request, path: StoragePath): Promise<Response> {
      const wanted = await readBody(request, toSign);
      if (wanted instanceof Response) return wanted;
      const signedURL = await download(request, path, wanted.expiresIn);
      return typeof signedURL === "string" ? Response.json({ signedURL }) : signedURL;
    },

    /** `POST /object/sign/BUCKET`, one by one: the embedded Storage takes a request for many for one without a key. */
    async many(request: Request, path: StoragePath): Promise<Response> {
      const wanted = await readBody(request, manyToSign);
      if (wanted instanceof Response) return wanted;
      const items = await Promise.all(wanted.paths.map(async (key) => {
        const signedURL = await download(request, { ...path, key }, wanted.expiresIn);
        return typeof signedURL === "string" ? { error: null, path: key, signedURL } : {
          error: "Either the object does not exist or you do not have access to it",
          path: key,
          signedURL: null,
        };
      }));
      return Response.json(items);
    },
  };
}
