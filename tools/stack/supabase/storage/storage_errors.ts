import { z } from "zod";

/**
 * A refusal of hosted Storage. The real status stands as a string in the body, and the HTTP status is 400 whatever it is,
 * but for the few that pass another `status`.
 */
export class StorageError extends Error {
  override name = "StorageError";

  constructor(
    readonly statusCode: number,
    readonly error: string,
    readonly code: string,
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }

  response(): Response {
    const { statusCode, error, message, code, status } = this;
    return Response.json({ statusCode: `${statusCode}`, error, message, code }, { status });
  }
}

/** The object is not there, or the caller may not know that it is. */
export const noSuchKey = () => new StorageError(404, "not_found", "NoSuchKey", "Object not found");

/** A signed URL whose token is damaged, expired or signed by somebody else; `message` says which. */
export const invalidJwt = (message: string) => new StorageError(400, "InvalidJWT", "InvalidJWT", message);

/** A signed URL whose token was made for another object or another purpose. */
export const invalidSignature = (message = "Invalid signature") =>
  new StorageError(400, "InvalidSignature", "InvalidSignature", message);

export const entityTooLarge = () =>
  new StorageError(
    413,
    "Payload too large",
    "EntityTooLarge",
    "The object exceeded the maximum allowed size",
  );

/** An upload of a type that the bucket does not take, or that is not one media type. */
export const invalidMimeType = (message: string) =>
  new StorageError(415, "invalid_mime_type", "InvalidMimeType", message);

/** A multipart upload without a file, or that cannot be taken apart. */
export const noUpload = (message: string) =>
  new StorageError(400, "InvalidRequest", "InvalidRequest", message);

/** A request that lacks something, or has it wrong. */
export const invalidRequest = (message: string) => new StorageError(400, "Error", "InvalidRequest", message);

/** A body that the server's framework cannot read. */
export const unreadableBody = (message: string) =>
  new StorageError(400, "FastifyError", "InvalidRequest", message);

export const invalidKey = (what: string) =>
  new StorageError(400, "InvalidKey", "InvalidKey", `Invalid key: ${what}`);

/** A name that PostgreSQL cannot hold: text there has no NUL. */
export const nulInKey = () =>
  new StorageError(500, "DatabaseError", "DatabaseError", "database error, code: 22021", 500);

/** A range that is not understood, or lies outside the object. */
export const invalidRange = () =>
  new StorageError(416, "invalid_range", "InvalidRange", "invalid range provided", 416);

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

/** A failure of the embedded Storage in hosted Storage's words. `forBucket`: the request was about a bucket itself. */
export async function hostedError(response: Response, forBucket = false): Promise<StorageError> {
  const parsed = errorBody.safeParse(await response.json().catch(() => null));
  if (!parsed.success) {
    return new StorageError(500, "Internal", "InternalError", "Internal Server Error", 500);
  }
  const { statusCode, error, message } = parsed.data;
  if (error === "InvalidJWT") return new StorageError(403, "Unauthorized", "AccessDenied", message);
  const code = error === "Duplicate" && forBucket ? "BucketAlreadyExists" : codes[error] ?? error;
  return new StorageError(Number(statusCode), error, code, message);
}
