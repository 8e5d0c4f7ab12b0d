import { invalidKey } from "./storage_errors.ts";

/** What a Storage URL names: a bucket, and an object's decoded name. */
export type StoragePath = { bucket: string; key: string };

/** Answers requests to one kind of Storage URL. Throws a `StorageError` for a refusal. */
export type StorageRoute = (request: Request, path: StoragePath) => Promise<Response>;

/**
 * An object's name as the embedded Storage's URLs have it. It decodes a path but for the characters that part URLs, so
 * those stand as they are wherever a URL may hold them.
 */
export function inEmbeddedUrl(key: string): string {
  return escapeDelimiters(encodeURI(key));
}

/** The embedded Storage keeps `?` and `#` of a name as they stood in the URL. */
export function escapeDelimiters(key: string): string {
  return key.replace(/[?#]/g, encodeURIComponent);
}

/** The characters that S3 calls safe, and some that need care: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const allowedKey = /^[\w/!\-.*'() &$@=;:+,?]+$/;

/** Throws hosted Storage's refusal where no object may be stored by this name. */
export function checkKey(key: string): void {
  if (key.split("/").some((segment) => segment === "." || segment === "..")) {
    throw invalidKey(`${key} contains dot path segment`);
  }
  if (!allowedKey.test(key)) throw invalidKey(key);
}
