import { z } from "zod";
import type { FaultRequest } from "../../simulator/faults.ts";
import { DrillFailure } from "./steps.ts";

const accountAnswer = z.object({
  voices: z.array(z.object({ voice: z.string() })),
  bill: z.object({ total: z.number(), syntheses: z.number() }),
}).transform(({ voices, bill }) => ({
  voices: voices.map(({ voice }) => voice),
  created: bill.total,
  spoken: bill.syntheses,
}));
const countsAnswer = z.object({ calls: z.number() });

/** The simulator in the place of Qwen, as its control routes show it. */
export type Provider = ReturnType<typeof createProvider>;

/** Steers the simulator at this origin. Every call throws a DrillFailure when it is refused. */
export function createProvider(url: string) {
  async function control<T>(schema: z.ZodType<T>, method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${url}/control${path}`, {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!response.ok) {
      throw new DrillFailure(`The simulator answered ${response.status} to ${method} ${path}.`);
    }
    return schema.parse(await response.json());
  }

  return {
    /** What the next calls do. */
    fail: async (...faults: FaultRequest[]): Promise<void> =>
      void await control(z.unknown(), "POST", "/faults", faults),
    /** Forgets faults and calls; voices and bill stay. */
    recover: async (): Promise<void> => void await control(z.unknown(), "DELETE", ""),
    /** How often it was called since it last recovered. */
    calls: async (): Promise<number> => (await control(countsAnswer, "GET", "")).calls,
    /** Its voices, newest first, and what it would charge for: voices created, texts spoken. */
    account: () => control(accountAnswer, "GET", "/voices"),
  };
}
