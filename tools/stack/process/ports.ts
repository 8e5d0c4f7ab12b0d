import { StackError } from "../data_folder.ts";

/** A TCP port of 127.0.0.1 that nobody listens on at this moment. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Reads PORT; unset or empty means the default. Throws a `StackError` when it is no port. */
export function parsePort(text: string | undefined, fallback: number): number {
  const port = text ? Number(text) : fallback;
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new StackError("PORT must be a number from 0 to 65535.");
}
