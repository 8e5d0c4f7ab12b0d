import { type AccountSettings, createAccount } from "./account.ts";
import { createCalls } from "./calls.ts";
import { createFaults } from "./faults.ts";
import { createPauses } from "./pauses.ts";
import { createRateLimit } from "./rate_limit.ts";
import { createResults } from "./results.ts";
import { DOCUMENTED_SHAPE } from "./voice_id_shapes.ts";

export type SimulatorState = ReturnType<typeof createSimulatorState>;

/** What provider routes and control routes share. Throws when the state file does not parse. */
export function createSimulatorState(
  { stateFile, voiceLimit, now }: { stateFile?: string; voiceLimit: number; now: () => Date },
) {
  const defaults: AccountSettings = { voiceLimit, idShape: DOCUMENTED_SHAPE };
  const settings = { ...defaults };
  return {
    settings,
    defaults,
    account: createAccount({ stateFile, settings, now }),
    calls: createCalls({ now }),
    faults: createFaults(),
    pauses: createPauses(),
    rateLimit: createRateLimit({ now }),
    results: createResults({ now }),
  };
}
