import type { Intercept } from "../stack/supabase/gateway.ts";

/** The requests to Storage, and the bytes of their answers. */
export type StorageReads = { requests: number; bytes: number };

/** The function reads clips here; the provider comes by signed URLs, which have another path. */
const READS = "/storage/v1/object/references/";

/** Counts what the function reads of clips, at the gateway. */
export function createStorageMeter() {
  let reads: StorageReads | null = null;

  const intercept: Intercept = async (request, next) => {
    const mine = reads;
    if (!mine || request.method !== "GET" || !new URL(request.url).pathname.startsWith(READS)) return null;
    mine.requests++;
    const answer = await next(request);
    const counted = answer.body?.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          mine.bytes += chunk.length;
          controller.enqueue(chunk);
        },
      }),
    );
    return new Response(counted ?? null, { status: answer.status, headers: answer.headers });
  };

  return {
    /** The gateway's hook. */
    intercept,
    /** What a piece of work has the function read. Nothing else may read meanwhile. */
    async during(work: () => Promise<unknown>): Promise<StorageReads> {
      const counted = reads = { requests: 0, bytes: 0 };
      await work().finally(() => reads = null);
      return counted;
    },
  };
}

export type StorageMeter = ReturnType<typeof createStorageMeter>;
