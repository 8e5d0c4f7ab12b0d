/** A 2xx answer without its request id. */
export interface Success {
  readonly output: Readonly<Record<string, unknown>>;
  readonly usage: Readonly<Record<string, number>>;
}

/** One path of the provider's API that takes a POST. */
export interface Endpoint {
  readonly path: string;
  /** The action a body asks for, if it can be told: what calls are recorded and faults matched by. */
  actionOf(body: unknown): string | undefined;
  /** Takes a parsed JSON body and the simulator's own origin; answers or throws DashScopeError. */
  answer(body: unknown, origin: string): Promise<Success>;
}
