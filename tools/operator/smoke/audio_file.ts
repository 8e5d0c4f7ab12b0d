import { dirname, join, relative, resolve } from "node:path";
import { repository } from "../../stack/repository.ts";

/**
 * Where what was spoken is saved, named as a person in the caller's folder would.
 * @param asked a path from the caller's folder; `.local/smoke.wav` of the repository when not given
 */
export function createAudioFile(asked: string | undefined, callerFolder: string) {
  const path = asked === undefined ? join(repository, ".local", "smoke.wav") : resolve(callerFolder, asked);
  const fromCaller = relative(callerFolder, path);
  const name = fromCaller.startsWith("..") ? path : fromCaller;
  return {
    name,
    /** Throws a sentence when the file cannot be written. */
    async save(bytes: Uint8Array): Promise<void> {
      try {
        // The data folder of a stack, which may never have run: made as the stack makes it.
        if (asked === undefined) await Deno.mkdir(dirname(path), { recursive: true, mode: 0o711 });
        await Deno.writeFile(path, bytes, { mode: 0o600 });
      } catch (cause) {
        throw new Error(`${name} cannot be written. Name another file with --out.`, { cause });
      }
    },
  };
}
