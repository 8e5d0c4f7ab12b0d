// The deployed function in a process that reports how much memory its code holds.
import "../../../supabase/functions/api/index.ts";
import { MEMORY_PORT } from "../memory_watch.ts";

/** How often is looked, in milliseconds. */
const LOOK_MS = 2;

/** What the platform counts: V8's heap in use, and the buffers outside of it. */
function heldBytes(): number {
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

/** Looks until the other side has nothing more to say, then reports the most that was held. */
async function watch(connection: Deno.Conn): Promise<void> {
  let most = heldBytes();
  const timer = setInterval(() => most = Math.max(most, heldBytes()), LOOK_MS);
  await connection.read(new Uint8Array(1));
  clearInterval(timer);
  await connection.write(new TextEncoder().encode(`${Math.max(most, heldBytes())}`));
  connection.close();
}

const listener = Deno.listen({ hostname: "127.0.0.1", port: Number(Deno.env.get(MEMORY_PORT)) });
for await (const connection of listener) void watch(connection);
