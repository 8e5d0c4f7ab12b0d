import type { Intercept } from "../stack/supabase/gateway.ts";

/** The function reads clips here; the provider comes by signed URLs, which have another path. */
const READS = "/storage/v1/object/references/";

/** Counts what the function reads of clips, at the gateway. */
export function createStorageMeter() {
  let counting: { requests: number; bytes: number } | null = null;

  const intercept: Intercept = async (request, next) => {
    const reads = counting;
    if (!reads || request.method !== "GET" || !new URL(request.url).pathname.startsWith(READS)) return null;
    const answer = await next(request);
    const bytes = await answer.arrayBuffer();
    reads.requests++;
    reads.bytes += bytes.byteLength;
    return new Response(bytes, { status: answer.status, headers: answer.headers });
  };

  return {
    /** The gateway's hook. */
    intercept,
    /** The requests and bytes that a piece of work makes the function read. Nothing else may read meanwhile. */
    async during(work: () => Promise<unknown>): Promise<{ requests: number; bytes: number }> {
      const reads = counting = { requests: 0, bytes: 0 };
      await work().finally(() => counting = null);
      return reads;
    },
  };
}
