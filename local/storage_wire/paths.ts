/** What a Storage path below `/storage/v1` asks for. `key` is as the URL writes it, percent-encoded. */
export type StoragePath = { kind: string; bucket: string; key: string };

const patterns: [string, RegExp][] = [
  ["upload-sign", /^\/object\/upload\/sign\/([^/]+)\/(.+)$/],
  ["sign-many", /^\/object\/sign\/([^/]+)$/],
  ["sign", /^\/object\/sign\/([^/]+)\/(.+)$/],
  ["info", /^\/object\/info(?:\/authenticated|\/public)?\/([^/]+)\/(.+)$/],
  ["list", /^\/object\/list\/([^/]+)$/],
  ["public", /^\/object\/public\/([^/]+)\/(.+)$/],
  ["object", /^\/object\/authenticated\/([^/]+)\/(.+)$/],
  ["copy", /^\/object\/copy$/],
  ["move", /^\/object\/move$/],
  ["objects", /^\/object\/([^/]+)$/],
  ["object", /^\/object\/([^/]+)\/(.+)$/],
  ["bucket", /^\/bucket(?:\/([^/]+).*)?$/],
];

/** Takes a path apart; `kind` is `other` for what the wire adapter does not know. */
export function parseStoragePath(pathname: string): StoragePath {
  const path = pathname.replace(/^\/storage\/v1/, "");
  for (const [kind, pattern] of patterns) {
    const match = pattern.exec(path);
    if (match) return { kind, bucket: match[1] ?? "", key: match[2] ?? "" };
  }
  return { kind: "other", bucket: "", key: "" };
}
