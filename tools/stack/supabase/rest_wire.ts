import { z } from "zod";

const failure = z.object({ code: z.literal("SUP"), message: z.string() });

// What the database driver and the server say while the server is away or on its way up or down.
const isAway = /ECONN|CONNECTION_|CONNECT_TIMEOUT|socket|database system is|terminating connection/;

/**
 * Puts PostgREST's answer to a lost database in front of the embedded REST's: 503 `PGRST001`
 * (https://docs.postgrest.org/en/stable/references/errors.html), where the embedded one answers 500 with a code of its own.
 */
export function createRestWire(
  { embedded }: { embedded: (request: Request) => Promise<Response> },
): (request: Request) => Promise<Response> {
  return async (request) => {
    const response = await embedded(request);
    if (response.status !== 500) return response;
    const body = failure.safeParse(await response.clone().json().catch(() => null));
    if (!body.success || !isAway.test(body.data.message)) return response;
    await response.body?.cancel();
    return Response.json({
      code: "PGRST001",
      details: null,
      hint: null,
      message: "Could not connect with the database due to an internal error.",
    }, { status: 503 });
  };
}
