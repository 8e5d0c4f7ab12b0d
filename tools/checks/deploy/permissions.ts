import { z } from "zod";

const entrySchema = z.object({ permission: z.string(), value: z.string().nullable() });

/** The host of a `host:port` to listen on, or of a URL to fetch. */
function hostOf(value: string): string {
  return URL.parse(value.includes("://") ? value : `tcp://${value}`)?.hostname ?? "an unknown host";
}

/**
 * What a process asked its runtime for beyond its environment and 127.0.0.1, sorted and once each, hosts without paths.
 * @param auditLog the file that `DENO_AUDIT_PERMISSIONS` names
 */
export function askedBeyondLoopback(auditLog: string): string[] {
  const beyond = auditLog.trimEnd().split("\n").flatMap((line) => {
    const { permission, value } = entrySchema.parse(JSON.parse(line));
    if (permission === "env") return [];
    if (permission !== "net") return [`${permission} ${value ?? "of any kind"}`];
    const host = value === null ? "any host" : hostOf(value);
    return host === "127.0.0.1" ? [] : [`net ${host}`];
  });
  return [...new Set(beyond)].sort();
}
