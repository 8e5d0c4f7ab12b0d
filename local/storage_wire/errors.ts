import { z } from "zod";

/** The answer of hosted Storage to a failure: HTTP 400 whatever it is, with the real status as a string in the body. */
export function storageError(statusCode: number, error: string, code: string, message: string): Response {
  return Response.json({ statusCode: `${statusCode}`, error, message, code }, { status: 400 });
}

/** The object is not there, or the caller may not know that it is. */
export const noSuchKey = () => storageError(404, "not_found", "NoSuchKey", "Object not found");

/** A signed URL whose token is damaged, expired or signed by somebody else; `message` says which. */
export const invalidJwt = (message: string) => storageError(400, "InvalidJWT", "InvalidJWT", message);

/** A signed URL whose token was made for another object or another purpose. */
export const invalidSignature = () =>
  storageError(400, "InvalidSignature", "InvalidSignature", "The url do not match the signature");

/** An upload over the bucket's limit. */
export const entityTooLarge = () =>
  storageError(413, "Payload too large", "EntityTooLarge", "The object exceeded the maximum allowed size");

/** An upload of a type that the bucket does not take. */
export const invalidMimeType = (type: string) =>
  storageError(415, "invalid_mime_type", "InvalidMimeType", `mime type ${type} is not supported`);

/** A request that lacks something. */
export const invalidRequest = (message: string) => storageError(400, "Error", "InvalidRequest", message);

const errorBody = z.object({ statusCode: z.coerce.string(), error: z.string(), message: z.string() });

const codes: Record<string, string> = {
  Duplicate: "KeyAlreadyExists",
  not_found: "NoSuchKey",
  "Bucket not found": "NoSuchBucket",
  InvalidRequest: "InvalidRequest",
  invalid_mime_type: "InvalidMimeType",
  "Payload too large": "EntityTooLarge",
  "Invalid key": "InvalidKey",
  ResourceNotEmpty: "InvalidRequest",
  Unauthorized: "AccessDenied",
};

/** Puts a failure of the embedded Storage into hosted Storage's words. `forBucket`: the request was about a bucket itself. */
export async function mendError(response: Response, forBucket: boolean): Promise<Response> {
  const parsed = errorBody.safeParse(await response.json().catch(() => null));
  if (!parsed.success) {
    return Response.json(
      { statusCode: "500", error: "Internal", message: "Internal Server Error", code: "InternalError" },
      { status: 500 },
    );
  }
  const { statusCode, error, message } = parsed.data;
  if (error === "InvalidJWT") return storageError(403, "Unauthorized", "AccessDenied", message);
  const code = error === "Duplicate" && forBucket ? "ResourceAlreadyExists" : codes[error] ?? error;
  return storageError(Number(statusCode), error, code, message);
}
