import { resolve } from "node:path";
import { rejectsWhenAskedToStop } from "../../stack/command_line.ts";
import { logToStderr, logToStdout } from "../../stack/terminal.ts";
import { callerFolder } from "../../stack/repository.ts";
import { readClip, readOwnClip } from "../clip_file.ts";
import { inSeconds } from "../spoken_audio.ts";
import { findStack, readSettings } from "../target.ts";
import { createAudioFile } from "./audio_file.ts";
import type { SmokeOptions } from "./smoke_options.ts";
import { providerOf, runSmoke } from "./smoke_run.ts";
import { withSmokeTarget } from "./smoke_target.ts";

const OWN_TEXT = "Hello. A moment ago, this voice was only a recording.";

/** Clones a voice and has it speak, and prints each step and the result. */
export async function smoke(options: SmokeOptions): Promise<void> {
  const { file, transcript = "", text = OWN_TEXT } = options;
  const clip = file === undefined
    ? await readOwnClip()
    : await readClip(resolve(callerFolder, file), transcript);
  const audioFile = createAudioFile(options.out, callerFolder);
  const stopped = rejectsWhenAskedToStop();
  const environment = await readSettings(options);
  await withSmokeTarget({
    named: options,
    wantedProvider: environment["TTS_PROVIDER_MODE"] || undefined,
    findStack: () => findStack(options),
    async withOwnStack(use) {
      // The embedded stack takes its time to load, and another deployment needs nothing of it.
      const { withOwnStack } = await import("../own_stack.ts");
      return await withOwnStack({ environment, printError: logToStderr }, ({ record }) => use(record));
    },
    providerOf,
    print: logToStdout,
  }, async (target) => {
    const started = performance.now();
    const textLanguage = options.text === undefined ? "English" : undefined;
    const { save } = audioFile;
    const run = runSmoke({ ...options, ...target, clip, text, textLanguage, save, print: logToStdout });
    const { row, audio } = await Promise.race([run, stopped]);
    logToStdout(`\n${JSON.stringify(row, null, 2)}\n`);
    logToStdout(`The voice is saved, ${inSeconds((performance.now() - started) / 1_000)} in all.`);
    logToStdout(
      audio
        ? `It says "${text}": ${audioFile.name}, ${inSeconds(audio.durationSeconds)}.`
        : `It does not speak: with the provider ${row.tts_provider}, speaking is off.`,
    );
  });
}
