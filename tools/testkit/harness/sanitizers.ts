// Deno 2.1 fails a test after which an operation or a resource is still open, later ones do not unless told to. An answer
// of ours may come before all that was asked for it is over: a request beside the one that failed, or a body that a library
// leaves unread. How far those are when a test ends is chance, and the connections to the database stay open for the next
// one, so no test is failed for them, on either Deno.

const OFF = { sanitizeOps: false, sanitizeResources: false };

function unsanitized([first, second, ...rest]: unknown[]): unknown[] {
  if (typeof first === "object") return [{ ...OFF, ...first }, second, ...rest];
  if (typeof second === "object") return [first, { ...OFF, ...second }, ...rest];
  return [first, OFF, second, ...rest];
}

const { test } = Deno;
Object.assign(Deno, {
  test: new Proxy(test, {
    apply: (target, self, given: unknown[]): unknown => Reflect.apply(target, self, unsanitized(given)),
  }),
});
