const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i;
const PRIVATE =
  /^(10(\.\d{1,3}){3}|192\.168(\.\d{1,3}){2}|172\.(1[6-9]|2\d|3[01])(\.\d{1,3}){2}|169\.254(\.\d{1,3}){2}|0\.0\.0\.0|\[f[cde].*\])$/i;

/** Whether a URL's hostname (as `URL.hostname` gives it) is this machine. */
export function isLoopbackHost(hostname: string): boolean {
  return LOOPBACK.test(hostname);
}

/** Whether only machines nearby can reach this hostname: loopback, RFC 1918 and link-local addresses, single-label names, `.local`, `.internal`. */
export function isPrivateHost(hostname: string): boolean {
  return isLoopbackHost(hostname) || PRIVATE.test(hostname) ||
    (!hostname.includes(".") && !hostname.startsWith("[")) ||
    /\.(local|internal|localhost)$/i.test(hostname);
}
