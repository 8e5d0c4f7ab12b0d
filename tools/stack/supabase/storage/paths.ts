import { invalidKey, invalidRequest, nulInKey } from "./errors.ts";

/** What a Storage path below `/storage/v1` asks for. `key` is the object's name, decoded. */
export type StoragePath = { kind: string; bucket: string; key: string };

const patterns: [string, RegExp][] = [
  ["upload-sign", /^\/object\/upload\/sign\/([^/]+)\/(.+)$/],
  ["sign-many", /^\/object\/sign\/([^/]+)$/],
  ["sign", /^\/object\/sign\/([^/]+)\/(.+)$/],
  ["info", /^\/object\/info(?:\/authenticated|\/public)?\/([^/]+)\/(.+)$/],
  ["list", /^\/object\/list\/([^/]+)$/],
  ["list-v2", /^\/object\/list-v2\/([^/]+)$/],
  ["public", /^\/object\/public\/([^/]+)\/(.+)$/],
  ["object", /^\/object\/authenticated\/([^/]+)\/(.+)$/],
  ["copy", /^\/object\/copy$/],
  ["move", /^\/object\/move$/],
  ["objects", /^\/object\/([^/]+)$/],
  ["object", /^\/object\/([^/]+)\/(.+)$/],
  ["bucket", /^\/bucket(?:\/([^/]+).*)?$/],
  ["status", /^\/status$/],
];

/**
 * Takes a path apart; `kind` is `other` for what the wire adapter does not know. Gives hosted Storage's answer instead
 * where nothing can be called so.
 */
export function parseStoragePath(pathname: string): StoragePath | Response {
  const path = pathname.replace(/^\/storage\/v1/, "");
  for (const [kind, pattern] of patterns) {
    const match = pattern.exec(path);
    if (!match) continue;
    try {
      const key = decodeURIComponent(match[2] ?? "");
      return key.includes("\0") ? nulInKey() : { kind, bucket: match[1] ?? "", key };
    } catch {
      return invalidRequest(`'${path}' is not a valid url component`);
    }
  }
  return { kind: "other", bucket: "", key: "" };
}

/**
 * An object's name as the embedded Storage's URLs have it. It decodes a path but for the characters that part URLs, so
 * those stand as they are wherever a URL may hold them.
 */
export function inEmbeddedUrl(key: string): string {
  return encodeURI(key).replace(/[?#]/g, encodeURIComponent);
}

/** The characters that S3 calls safe, and some that need care: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const allowedKey = /^[\w/!\-.*'() &$@=;:+,?]+$/;

/** Hosted Storage's answer where no object may be stored by this name; null where one may. */
export function refuseKey(key: string): Response | null {
  if (key.split("/").some((segment) => segment === "." || segment === "..")) {
    return invalidKey(`${key} contains dot path segment`);
  }
  return allowedKey.test(key) ? null : invalidKey(key);
}
