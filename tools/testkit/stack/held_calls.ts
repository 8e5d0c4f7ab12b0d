import type { Intercept } from "../../stack/supabase/gateway.ts";
import type { SimulatorControl } from "./simulator_control.ts";

/** A call that is kept from going on. */
export type HeldCall = {
  /** Resolves once the call is there and held; throws when it does not come within half a minute. */
  reached(): Promise<void>;
  /** Lets it go on, and resolves once it took effect, whether or not anybody still waits for its answer. */
  release(): Promise<void>;
  /** Ends it where it is. */
  drop(): Promise<void>;
};

/** Whether a call is held before or after it takes effect. */
export type When = "before" | "after";

/** Which calls are meant: the first path that begins so, with this method. */
export type GatewayCall = { method: string; path: string };
/** A call to Supabase, through the stack's gateway. */
export type SupabaseCall = GatewayCall;

type Hold = {
  call: GatewayCall;
  when: When;
  reached: PromiseWithResolvers<void>;
  goesOn: PromiseWithResolvers<boolean>;
  over: PromiseWithResolvers<void>;
};

/** Holds calls at a gateway, one at a time; `intercept` is the gateway's. */
export function createGatewayHolds() {
  let wanted: Hold | null = null;

  const intercept: Intercept = async (request, next) => {
    const { method, url, headers } = request;
    if (!wanted || method !== wanted.call.method || !new URL(url).pathname.startsWith(wanted.call.path)) {
      return null;
    }
    const hold = wanted;
    wanted = null;
    // Whole, and without the signal of a sender who is about to die.
    const body = request.body ? await request.arrayBuffer() : null;
    const send = () => next(new Request(url, { method, headers, body }));
    try {
      const answered = hold.when === "after" ? await send() : null;
      hold.reached.resolve();
      const goesOn = await hold.goesOn.promise;
      return answered ?? (goesOn ? await send() : new Response(null, { status: 503 }));
    } finally {
      hold.over.resolve();
    }
  };

  return {
    intercept,
    /** Holds the next such call. */
    hold(call: GatewayCall, when: When): HeldCall {
      const [reached, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const goesOn = Promise.withResolvers<boolean>();
      wanted = { call, when, reached, goesOn, over };
      const end = async (on: boolean) => {
        goesOn.resolve(on);
        await over.promise;
      };
      return {
        reached: () => withinReason(reached.promise, `${call.method} ${call.path}`),
        release: () => end(true),
        drop: () => end(false),
      };
    },
  };
}

/** Holds the simulator's next call of an action. */
export async function holdProviderCall(
  simulator: SimulatorControl,
  action: "create" | "list",
  when: When,
): Promise<HeldCall> {
  await simulator.addFaults({ action, hold: when });
  return {
    reached: () => simulator.untilHeld(1),
    release: () => simulator.release(),
    drop: () => simulator.dropHeld(),
  };
}

const PATIENCE_MS = 30_000;

async function withinReason(promise: Promise<void>, what: string): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what} came`)), PATIENCE_MS);
  });
  await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
