/**
 * Whether a host name can only mean this machine: `localhost` and its subdomains (RFC 6761), 127.0.0.0/8 and ::1.
 * Takes the form a parsed URL gives, so `[::1]` counts too, and `127.1` has become `127.0.0.1` by then.
 */
export function isLoopbackHost(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/^\[(.*)\]$/, "$1");
  if (host === "localhost" || host.endsWith(".localhost") || host === "::1") return true;
  const parts = host.split(".");
  return parts.length === 4 && parts[0] === "127" &&
    parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}
