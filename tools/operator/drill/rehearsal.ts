import { machineEnvironment } from "../../stack/function/function_environment.ts";
import type { Log } from "../../stack/terminal.ts";
import type { Stack } from "../../stack/embedded_stack.ts";
import type { Intercept } from "../../stack/supabase/gateway.ts";
import { withOwnStack } from "../own_stack.ts";
import { inSeconds } from "../spoken_audio.ts";
import { createSteps } from "../steps.ts";
import { openBooks } from "./books.ts";
import { demand } from "./demands.ts";
import { signUp } from "./drill_client.ts";
import { createProvider } from "./drill_provider.ts";
import { playDrill } from "./drill_steps.ts";

async function play({ record, reconfigure }: Stack, print: Log): Promise<void> {
  demand(record.simulator_url !== null, "The stack has no simulator.");
  const books = openBooks(record.database_url);
  try {
    const step = createSteps({ print, width: 34, numbered: true });
    const [client, provider] = [await signUp(record), createProvider(record.simulator_url)];
    await playDrill({ step, client, provider, books, reconfigure });
  } finally {
    await books.close();
  }
}

/**
 * Plays the drill on a stack of its own, which is gone afterwards.
 * @param options.print takes one line a step, and what was proved
 * @param options.printError takes what the stack wrote when a step is not as it should be
 * @param options.stopped rejects when the rehearsal is to end early
 * @param options.intercept sees every request at the gateway first; for tests, which break something
 * @throws {Failure} with a sentence for the step that is not as it should be
 */
export async function rehearse(
  { stopped, ...options }: { print: Log; printError: Log; stopped?: Promise<never>; intercept?: Intercept },
): Promise<void> {
  const { print } = options;
  const started = performance.now();
  const soFar = () => inSeconds((performance.now() - started) / 1_000);
  print("Bringing a stack up for the drill…");
  // Nothing that would choose another provider: the drill spends no money.
  await withOwnStack({ environment: machineEnvironment(), ...options }, async (stack) => {
    print(`It is up after ${soFar()}.`);
    await Promise.race([play(stack, print), stopped ?? new Promise<never>(() => {})]);
  });
  print(
    "Proved: to modal and back no voice, clip or spoken text is lost or changed; cloning goes on, speaking waits, and " +
      `what was open is settled and billed once. ${soFar()} in all.`,
  );
}
