import type { Log } from "../_shared/log.ts";

/** What stands for every request from the start. */
export type RequestScope = {
  /** Stands in every answer and every event of this request. */
  requestId: string;
  log: Log;
};

/** What a request carries on its way through the middleware. `Bindings` is how the front hands it to the routes. */
export type ApiEnv = {
  Bindings: RequestScope;
  Variables: RequestScope & {
    /** Set by the auth middleware: the verified user's id. */
    userId: string;
  };
};

/** Keeps the process alive until work is done, even when the client has hung up. */
export type KeepAlive = { keepAlive: (work: Promise<unknown>) => void };
