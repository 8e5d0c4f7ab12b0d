import { join } from "node:path";
import type { Intercept } from "../../stack/supabase/gateway.ts";
import { machineEnvironment } from "../../stack/function/function_environment.ts";
import { redirectConsole } from "../../stack/library_output.ts";
import { type Log, messageOf } from "../../stack/terminal.ts";
import { readClip } from "../smoke/clip.ts";
import type { Stack } from "../../stack/embedded_stack.ts";
import { withTemporaryStack } from "../../stack/temporary_stack.ts";
import { openBooks } from "./books.ts";
import { signUp } from "./client.ts";
import { stayInModal } from "./modal.ts";
import { createProvider } from "./provider.ts";
import { leaveQwen } from "./qwen.ts";
import { returnToQwen } from "./return.ts";
import { createSteps, demand } from "./steps.ts";
import { repository } from "../../stack/repository.ts";
import { fixturePath } from "../../testkit/fixtures.ts";

/** What a rehearsal needs of the one who runs it. */
export type Rehearsal = {
  /** Takes one line a step, and what was proved. */
  print: Log;
  /** Takes the sentence of a step that is not as it should be, after what the stack wrote. */
  printError: Log;
  /** Resolves, with a word for the reason, when the rehearsal is to end early. */
  stopped?: Promise<string>;
  /** Sees every request at the gateway first; for tests, which break something. */
  intercept?: Intercept;
};

/** Three clips in the three formats, so that none can be taken for another. */
async function readClips() {
  const wav = await readClip();
  const read = (name: string) => readClip(fixturePath(name), wav.transcript);
  const [mp3, m4a] = await Promise.all([read("speech-24k-mono.mp3"), read("speech-24k-mono.m4a")]);
  return { wav, mp3, m4a };
}

async function play({ record, reconfigure }: Stack, print: Log): Promise<void> {
  const clips = await readClips();
  demand(record.simulator_url !== null, "The stack has no simulator.");
  const books = openBooks(record.database_url);
  try {
    const client = await signUp(record);
    const provider = createProvider(record.simulator_url);
    const stage = { step: createSteps(print), client, provider, books, reconfigure };
    const left = await leaveQwen(stage, { spoken: clips.wav, lost: clips.mp3 });
    const stayed = await stayInModal(stage, left, clips.m4a);
    await returnToQwen(stage, left, stayed);
  } finally {
    await books.close();
  }
}

/**
 * Plays the drill on a stack of its own, which is gone afterwards. Resolves to the exit code: 0 when every step is as it
 * should be, else 1, with a sentence.
 */
export async function rehearse({ print, printError, stopped, intercept }: Rehearsal): Promise<number> {
  const lines: string[] = [];
  const log: Log = (line) => lines.push(line);
  redirectConsole(log);
  const started = performance.now();
  const secondsSince = (since: number) => ((performance.now() - since) / 1_000).toFixed(1);
  try {
    print("Bringing a stack up for the drill…");
    await withTemporaryStack(repository, async (_record, stack) => {
      print(`It is up after ${secondsSince(started)} s.`);
      const reason = await Promise.race([play(stack, print), stopped ?? new Promise<never>(() => {})]);
      demand(reason === undefined, `Stopped: ${reason}.`);
    }, {
      environment: machineEnvironment(),
      entrypoint: join(repository, "supabase", "functions", "api", "index.ts"),
      log,
      intercept,
    });
    print(
      "Proved: to modal and back no voice, clip or spoken text is lost or changed; cloning goes on, speaking waits, and " +
        `what was open is settled and billed once. ${secondsSince(started)} s in all.`,
    );
    return 0;
  } catch (error) {
    for (const line of lines) printError(`  ${line}`);
    printError(messageOf(error));
    return 1;
  }
}
