import { dirname, relative, resolve } from "node:path";
import { repository } from "../../stack/repository.ts";

const ownFile = resolve(repository, ".local/smoke.wav");

/** Where what was spoken is saved. */
export interface Output {
  /** As a person in the caller's folder would name it. */
  readonly name: string;
  /** Throws a sentence when the file cannot be written. */
  save(bytes: Uint8Array): Promise<void>;
}

/** @param asked a path from the caller's folder; `.local/smoke.wav` of the repository when not given */
export function createOutput(asked: string | undefined, callerFolder: string): Output {
  const path = asked === undefined ? ownFile : resolve(callerFolder, asked);
  const fromCaller = relative(callerFolder, path);
  const name = fromCaller.startsWith("..") ? path : fromCaller;
  return {
    name,
    async save(bytes) {
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
