/**
 * What msw is to do with a call that nobody stubbed: refuse it, and note it for the end of the test. Calls to this machine
 * go through.
 */
export function refuseUnstubbed(unexpected: string[]) {
  return {
    onUnhandledRequest(request: Request): void {
      const { hostname, origin } = new URL(request.url);
      if (hostname === "127.0.0.1") return;
      unexpected.push(`a call nobody stubbed: ${request.method} ${origin}`);
      throw new Error("a call nobody stubbed");
    },
  };
}
