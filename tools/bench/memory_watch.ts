/** The variable that tells a watched function where to tell of its memory. */
export const MEMORY_PORT = "MEMORY_PORT";

/**
 * The most bytes that a watched function's code holds during a piece of work: V8's heap and the buffers outside of it.
 * @throws when the function ends meanwhile
 */
export async function codeBytesDuring(port: number, work: () => Promise<unknown>): Promise<number> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await work();
  await connection.closeWrite();
  const most = Number(await new Response(connection.readable).text());
  if (!(most > 0)) throw new Error("The function ended while its memory was watched.");
  return most;
}
