import assert from "node:assert/strict";
import { z } from "zod";
import type { FaultRequest } from "../../simulator/faults.ts";
import type { IdShape } from "../../simulator/voice_id_shapes.ts";
import { eventually } from "./launched_stack.ts";

const voicesAnswer = z.object({
  voices: z.array(z.object({
    voice: z.string(),
    preferred_name: z.string(),
    audio: z.object({ sha256: z.string() }).nullable(),
  })),
  bill: z.object({ total: z.number(), by_preferred_name: z.record(z.string(), z.number()) }),
});

const callsAnswer = z.object({
  calls: z.array(z.object({
    id: z.number(),
    action: z.string().nullable(),
    outcome: z.union([z.object({ status: z.number() }), z.literal("cut")]).nullable(),
  })),
});

const heldAnswer = z.object({ held: z.array(z.object({ id: z.number(), action: z.string().nullable() })) });

export type SimulatorControl = ReturnType<typeof createSimulatorControl>;

/** Steers the simulator at this origin; each call throws when it is refused. */
export function createSimulatorControl(url: string) {
  async function control(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${url}/control${path}`, {
      method,
      // A connection that is kept would serve a create of this process, which Deno sends again when it breaks.
      headers: { connection: "close" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    assert.ok(response.ok, `${method} /control${path}: ${text}`);
    return JSON.parse(text);
  }

  const calls = async () => callsAnswer.parse(await control("GET", "/calls")).calls;

  return {
    addFaults: async (...faults: FaultRequest[]): Promise<void> =>
      void await control("POST", "/faults", faults),
    /** Resolves once that many calls are held; throws when they are not within half a minute. */
    untilHeld: async (count: number): Promise<void> =>
      void await control("GET", `/held?count=${count}&wait_ms=30000`),
    /** Lets the held calls of an action go on, or all, and resolves once they ended; throws when they do not. */
    async release(action?: string): Promise<void> {
      const { held } = heldAnswer.parse(await control("GET", "/held?count=1"));
      const going = held.filter((call) => action === undefined || call.action === action).map(({ id }) => id);
      for (const id of going) await control("POST", "/release", { id });
      const ended = await eventually(async () =>
        (await calls()).every((call) => call.outcome !== null || !going.includes(call.id))
      );
      assert.ok(ended, "a released call did not end");
    },
    /** Lets the calls go on that are held now, if there are any. */
    releaseAll: async (): Promise<void> => void await control("POST", "/release", {}),
    /** Sets what `POST /control/settings` takes; a drop takes it back. */
    set: async (settings: { voice_ids?: IdShape; voice_limit?: number }): Promise<void> =>
      void await control("POST", "/settings", settings),
    /** Fills the account with so many voices for nothing. */
    fill: async (count: number): Promise<void> => void await control("POST", "/voices", { count }),
    /** Removes every voice, and forgets faults, calls, settings and bill. */
    empty: async (): Promise<void> => void await control("DELETE", "?voices=true"),
    /** Cuts held calls where they are; forgets faults and calls, keeps voices and bill. */
    dropHeld: async (): Promise<void> => void await control("DELETE", ""),
    /** The calls since the last drop, oldest first. */
    calls,
    /** Every provider voice, newest first, and the bill. */
    voices: async () => voicesAnswer.parse(await control("GET", "/voices")),
  };
}
