import { fileURLToPath } from "node:url";
import type { Bytes } from "../../supabase/functions/_shared/bytes.ts";

/** The path of a file in `fixtures/`. */
export const fixturePath = (name: string): string => fileURLToPath(import.meta.resolve(`./fixtures/${name}`));

/** A file in `fixtures/`, all of them recordings of speech. */
export const readFixture = (name: string): Bytes => Deno.readFileSync(fixturePath(name));
