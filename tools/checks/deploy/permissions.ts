import { z } from "zod";

const entrySchema = z.object({ permission: z.string(), value: z.string().nullable() });

/** A host with its port is named by itself to listen, and by a whole URL to fetch. */
function hostOf(value: string): string {
  return URL.parse(value.includes("://") ? value : `tcp://${value}`)?.hostname ?? "an unknown host";
}

/**
 * What a process asked its runtime for beyond its environment and 127.0.0.1, in order and once each, hosts without
 * paths. `auditLog` is what Deno wrote to the file that `DENO_AUDIT_PERMISSIONS` names.
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
