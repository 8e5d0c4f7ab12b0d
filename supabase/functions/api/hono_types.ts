import type { Log } from "../_shared/log.ts";

export type RequestScope = {
  /** In every response and every event of this request. */
  requestId: string;
  log: Log;
};

/** Hono's types of a request. The front passes its scope to the routes as `Bindings`. */
export type ApiEnv = {
  Bindings: RequestScope;
  Variables: RequestScope & {
    /** The verified user's id, set by the auth middleware. */
    userId: string;
  };
};

/** Keeps the process alive until work is done, even if the client disconnects. */
export type KeepAlive = { keepAlive: (work: Promise<unknown>) => void };
