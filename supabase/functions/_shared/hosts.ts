const PRIVATE =
  /^(10(\.\d{1,3}){3}|192\.168(\.\d{1,3}){2}|172\.(1[6-9]|2\d|3[01])(\.\d{1,3}){2}|169\.254(\.\d{1,3}){2}|0\.0\.0\.0|\[f[cde].*\])$/i;

/** Whether a `URL.hostname` is this machine: `localhost` and its subdomains (RFC 6761), 127.0.0.0/8 or ::1. */
export function isLoopbackHost(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/^\[(.*)\]$/, "$1");
  if (host === "localhost" || host.endsWith(".localhost") || host === "::1") return true;
  const parts = host.split(".");
  return parts.length === 4 && parts[0] === "127" &&
    parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}

/** Whether a `URL.hostname` is not public: loopback, RFC 1918, link-local, single-label, `.local` or `.internal`. */
export function isPrivateHost(hostname: string): boolean {
  return isLoopbackHost(hostname) || PRIVATE.test(hostname) ||
    (!hostname.includes(".") && !hostname.startsWith("[")) ||
    /\.(local|internal)$/i.test(hostname);
}
