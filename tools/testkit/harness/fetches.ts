/** A request that left the function, as it was sent. */
export type LeftRequest = { method: string; url: URL };

/**
 * Records every request that this process makes by `fetch`, whoever makes it, but for those of the tests themselves.
 * @param isOwn whether a request is a test's own
 */
export function recordFetches(isOwn: (url: URL, method: string) => boolean) {
  const real = globalThis.fetch;
  const left: LeftRequest[] = [];
  globalThis.fetch = (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    if (!isOwn(url, request.method)) left.push({ method: request.method, url });
    return real(input, init);
  };
  return {
    left,
    [Symbol.dispose](): void {
      globalThis.fetch = real;
    },
  };
}
