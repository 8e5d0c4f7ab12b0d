import { z } from "zod";

/**
 * The answer of hosted Storage to a failure: the real status as a string in the body, and HTTP 400 whatever it is, but for
 * the few that pass another `status`.
 */
export function storageError(
  statusCode: number,
  error: string,
  code: string,
  message: string,
  status = 400,
): Response {
  return Response.json({ statusCode: `${statusCode}`, error, message, code }, { status });
}

/** The object is not there, or the caller may not know that it is. */
export const noSuchKey = () => storageError(404, "not_found", "NoSuchKey", "Object not found");

/** A signed URL whose token is damaged, expired or signed by somebody else; `message` says which. */
export const invalidJwt = (message: string) => storageError(400, "InvalidJWT", "InvalidJWT", message);

/** A signed URL whose token was made for another object or another purpose; `message` says which. */
export const invalidSignature = (message: string) =>
  storageError(400, "InvalidSignature", "InvalidSignature", message);

/** An upload over the bucket's limit. */
export const entityTooLarge = () =>
  storageError(413, "Payload too large", "EntityTooLarge", "The object exceeded the maximum allowed size");

/** An upload of a type that the bucket does not take. */
export const invalidMimeType = (type: string) =>
  storageError(415, "invalid_mime_type", "InvalidMimeType", `mime type ${type} is not supported`);

/** An upload whose Content-Type is not one media type. */
export const unreadableMimeType = () =>
  storageError(415, "invalid_mime_type", "InvalidMimeType", "Invalid Content-Type header");

/** A multipart upload without a file, or that cannot be taken apart. */
export const noUpload = (message: string) => storageError(400, "InvalidRequest", "InvalidRequest", message);

/** A request that lacks something, or has it wrong. */
export const invalidRequest = (message: string) => storageError(400, "Error", "InvalidRequest", message);

/** A body that the server's framework cannot read. */
export const unreadableBody = (message: string) =>
  storageError(400, "FastifyError", "InvalidRequest", message);

/** A name that no object may have. */
export const invalidKey = (what: string) =>
  storageError(400, "InvalidKey", "InvalidKey", `Invalid key: ${what}`);

/** A name that PostgreSQL cannot hold: text there has no NUL. */
export const nulInKey = () =>
  storageError(500, "DatabaseError", "DatabaseError", "database error, code: 22021", 500);

/** A range that is not understood, or lies outside the object. */
export const invalidRange = () =>
  storageError(416, "invalid_range", "InvalidRange", "invalid range provided", 416);

const errorBody = z.object({ statusCode: z.coerce.string(), error: z.string(), message: z.string() });

const codes: Record<string, string> = {
  Duplicate: "KeyAlreadyExists",
  not_found: "NoSuchKey",
  "Bucket not found": "NoSuchBucket",
  InvalidRequest: "InvalidRequest",
  invalid_mime_type: "InvalidMimeType",
  "Payload too large": "EntityTooLarge",
  Unauthorized: "AccessDenied",
};

/** Whether a failure of the embedded Storage is that there is no such bucket. Leaves the answer to be read again. */
export async function saysNoBucket(response: Response): Promise<boolean> {
  const parsed = errorBody.safeParse(await response.clone().json().catch(() => null));
  return parsed.success && parsed.data.error === "Bucket not found";
}

/** Puts a failure of the embedded Storage into hosted Storage's words. `forBucket`: the request was about a bucket itself. */
export async function mendError(response: Response, forBucket: boolean): Promise<Response> {
  const parsed = errorBody.safeParse(await response.json().catch(() => null));
  if (!parsed.success) return storageError(500, "Internal", "InternalError", "Internal Server Error", 500);
  const { statusCode, error, message } = parsed.data;
  if (error === "InvalidJWT") return storageError(403, "Unauthorized", "AccessDenied", message);
  const code = error === "Duplicate" && forBucket ? "BucketAlreadyExists" : codes[error] ?? error;
  return storageError(Number(statusCode), error, code, message);
}
