import { z } from "zod";
import type { FaultRequest } from "../../simulator/faults.ts";
import { Failure, jsonOf, request } from "../http_client.ts";

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

/** Steers the simulator at this origin. Every call throws a Failure when it is refused. */
export function createProvider(url: string) {
  async function control<T>(schema: z.ZodType<T>, method: string, path: string, json?: unknown): Promise<T> {
    const answer = await request(`${url}/control${path}`, { method, json });
    if (answer.status === 200) return schema.parse(jsonOf(answer));
    throw new Failure(`The simulator answered ${answer.status} to ${method} ${path}.`);
  }

  return {
    /** What the next calls do. */
    fail: (...faults: FaultRequest[]) => control(z.unknown(), "POST", "/faults", faults),
    /** Forgets faults and calls; voices and bill stay. */
    recover: () => control(z.unknown(), "DELETE", ""),
    /** How often it was called since it last recovered. */
    calls: async (): Promise<number> => (await control(countsAnswer, "GET", "")).calls,
    /** Its voices, newest first, and what it would charge for: voices created, texts spoken. */
    account: () => control(accountAnswer, "GET", "/voices"),
  };
}
