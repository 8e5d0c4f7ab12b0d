/** How often the parent is looked at, in milliseconds. */
const lookMs = 500;

/**
 * Resolves, with a word for the reason, when this process is to end: on Ctrl-C, SIGTERM or SIGHUP, and when the process that
 * launched it is gone (npm or the launcher was killed and could pass nothing on).
 */
export function whenAskedToStop(): Promise<string> {
  const asked = Promise.withResolvers<string>();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(name, () => asked.resolve(name));
  }
  const parent = Deno.ppid;
  const timer = setInterval(() => {
    if (Deno.ppid !== parent) asked.resolve("parent gone");
  }, lookMs);
  Deno.unrefTimer(timer);
  return asked.promise;
}
