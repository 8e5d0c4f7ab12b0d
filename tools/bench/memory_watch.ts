// Without imports: a watched function loads it, and its memory counts.

/** The variable with the port where a watched function reports its memory. */
export const MEMORY_PORT = "MEMORY_PORT";
/** The memory that the platform gives a worker, in megabytes (Supabase, "Limits"). */
export const LIMIT_MB = 256;
/** The function with a report of its memory. */
export const WATCHED = "tools/bench/entrypoints/watched_function.ts";

/** Prepares to watch the memory of one function, which reports it on a free port. */
export function watchMemory(port: number) {
  return {
    /** Variables of the watched function. */
    variables: {
      // As on the platform; without it V8 collects as late as this machine's memory allows.
      DENO_V8_FLAGS: `--max-heap-size=${LIMIT_MB}`,
      [MEMORY_PORT]: `${port}`,
    },
    /**
     * The most bytes that the function's code holds during a piece of work: V8's heap and the buffers outside of it.
     * @throws when the function ends meanwhile
     */
    async codeBytesDuring(work: () => Promise<unknown>): Promise<number> {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port });
      await work();
      await connection.closeWrite();
      const most = Number(await new Response(connection.readable).text());
      if (!(most > 0)) throw new Error("The function ended while its memory was watched.");
      return most;
    },
  };
}
