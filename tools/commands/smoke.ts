// `npm run smoke`: clones a voice and has it speak, as a person with curl would, and tells what came of it.
import { resolve } from "node:path";
import { logToStderr, logToStdout, messageOf } from "../stack/terminal.ts";
import { whenAskedToStop } from "../stack/process/stop_signals.ts";
import { inSeconds } from "../operator/smoke/audio.ts";
import { readClip } from "../operator/smoke/clip.ts";
import { parseOptions, type SmokeOptions, usage } from "../operator/smoke/options.ts";
import { createOutput } from "../operator/smoke/output.ts";
import { providerOf, runSmoke } from "../operator/smoke/run.ts";
import { findTarget, type Target } from "../operator/smoke/target.ts";

// npm runs scripts in the repository's folder; a relative path means the caller's.
const callerFolder = Deno.env.get("INIT_CWD") ?? Deno.cwd();
const ownText = "Hello. A moment ago, this voice was only a recording.";
/** What a stack of our own wrote: shown when the run fails. */
const stackLog: string[] = [];

async function targetOf(asked: SmokeOptions): Promise<Target> {
  // Another deployment needs nothing of the embedded stack, which takes its time to load.
  const local = asked.api === undefined ? await import("../operator/smoke/local_stack.ts") : undefined;
  return await findTarget({
    asked,
    wantedProvider: await local?.wantedProvider(),
    readStack: async () => await local?.runningStack(asked.dataDir, callerFolder) ?? null,
    startStack: async () => {
      if (!local) throw new Error("There is no stack to start.");
      return await local.startOwnStack((line) => stackLog.push(line));
    },
    providerOf,
    print: logToStdout,
  });
}

async function smoke(asked: SmokeOptions): Promise<void> {
  const clip = await readClip(asked.file && resolve(callerFolder, asked.file), asked.transcript);
  const output = createOutput(asked.out, callerFolder);
  const stopped = whenAskedToStop().then((reason) => Promise.reject(new Error(`Stopped: ${reason}.`)));
  // Looked at once the stack stands, which then goes with all it started.
  stopped.catch(() => {});
  const { close, ...target } = await targetOf(asked);
  try {
    const started = performance.now();
    const { token, name, language, text = ownText } = asked;
    const run = runSmoke({
      ...target,
      token,
      name,
      language,
      clip,
      text,
      textLanguage: asked.text === undefined ? "English" : undefined,
      save: output.save,
      print: logToStdout,
    });
    const { row, audio } = await Promise.race([run, stopped]);
    logToStdout(`\n${JSON.stringify(row, null, 2)}\n`);
    logToStdout(`The voice is saved, ${inSeconds((performance.now() - started) / 1_000)} in all.`);
    logToStdout(
      audio
        ? `It says "${text}": ${output.name}, ${inSeconds(audio.durationSeconds)}.`
        : `It does not speak: with the provider ${row.tts_provider}, speaking is off.`,
    );
  } finally {
    await close();
  }
}

async function main(): Promise<number> {
  try {
    const asked = parseOptions(Deno.args);
    if (asked.help) logToStdout(usage);
    else await smoke(asked);
    return 0;
  } catch (error) {
    for (const line of stackLog) logToStderr(`  ${line}`);
    logToStderr(messageOf(error));
    return 1;
  }
}

Deno.exit(await main());
