import { dirname } from "node:path";
import type { z } from "zod";

/** Reads a JSON state file; undefined when there is none. Throws a sentence that names the file when it does not parse. */
export function loadState<T>(path: string, schema: z.ZodType<T>): T | undefined {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`The simulator cannot read its state in ${path}. Remove the file to begin anew.`, {
      cause,
    });
  }
}

/** Writes a JSON state file, for its owner only, so that a reader or a kill in between never meets half of it. */
export function saveState(path: string, state: unknown): void {
  Deno.mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${Deno.pid}.tmp`;
  Deno.writeTextFileSync(temporary, JSON.stringify(state), { mode: 0o600 });
  Deno.renameSync(temporary, path);
}
