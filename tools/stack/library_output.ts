import type { Log } from "./terminal.ts";

// The error itself stays out: a database's message can quote what a user wrote.
function summary(argument: unknown): string {
  if (typeof argument === "string") return argument;
  if (!(argument instanceof Error)) return "";
  return "code" in argument && typeof argument.code === "string"
    ? `${argument.name} ${argument.code}`
    : argument.name;
}

// Said at every start: the storage of @supabase/lite is experimental, and an aborted request means nothing to the gateway
// once it was answered.
const expected = ["EXPERIMENTAL FEATURES ENABLED", "Deno.serve: request.signal aborts"];

/** Sends what libraries print to the console of this process to `log`, shortened to what cannot hold a secret. */
export function redirectConsole(log: Log): void {
  const write = (...all: unknown[]) => {
    const line = all.map(summary).filter((part) => part !== "").join(" ");
    if (line !== "" && !expected.some((start) => line.startsWith(start))) log(line);
  };
  Object.assign(globalThis.console, { log: write, info: write, warn: write, error: write, debug: write });
}
