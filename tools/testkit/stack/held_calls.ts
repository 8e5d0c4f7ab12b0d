import type { Intercept } from "../../stack/supabase/gateway.ts";
import type { SimulatorControl } from "./simulator_control.ts";

/** A call that is held at a gateway or at the simulator. */
export type HeldCall = {
  /** Resolves once the call is held; throws when it does not come within half a minute. */
  reached(): Promise<void>;
  /** Lets it go on, and resolves once it took effect, whether or not anybody still waits for its answer. */
  release(): Promise<void>;
  /** Ends it where it is. */
  drop(): Promise<void>;
};

/** Whether a call is held before or after it takes effect. */
export type When = "before" | "after";

/** The calls with this method whose path begins so. */
export type GatewayCall = { method: string; path: string };

function createHold(call: GatewayCall, when: When) {
  const [reached, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  return { call, when, reached, over, goesOn: Promise.withResolvers<boolean>() };
}

/** Holds calls at a gateway, one at a time; `intercept` is the gateway's. */
export function createGatewayHolds() {
  let wanted: ReturnType<typeof createHold> | null = null;

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
      const hold = wanted = createHold(call, when);
      const end = async (goesOn: boolean) => {
        hold.goesOn.resolve(goesOn);
        await hold.over.promise;
      };
      return {
        reached: () => withinHalfAMinute(hold.reached.promise, `${call.method} ${call.path}`),
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

async function withinHalfAMinute(promise: Promise<void>, what: string): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what} came`)), 30_000);
  });
  await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
