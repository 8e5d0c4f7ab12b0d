import { join } from "node:path";
import { repository } from "../stack/repository.ts";
import { formatted } from "./formatted.ts";

/** Path of the generated types, from the repository's folder. */
export const databaseTypesPath = "supabase/functions/_shared/database.types.ts";

/** The types of a database's schema `public`, written by the Supabase CLI. Throws with the CLI's error output. */
export async function generateDatabaseTypes(databaseUrl: string): Promise<string> {
  const command = join(repository, "node_modules", ".bin", "supabase");
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args: [
      ...["gen", "types", "--lang", "typescript", `--remote=${databaseUrl}`, "--schema", "public"],
      ...["--output-format", "text", "--workdir", repository],
    ],
    cwd: repository,
    env: { PGSSLMODE: "disable", DO_NOT_TRACK: "1", SUPABASE_NO_UPDATE_NOTIFIER: "1" },
    stdin: "null",
  }).output();
  if (!success) throw new Error(`${command} failed: ${new TextDecoder().decode(stderr).trim()}`);
  return formatted(new TextDecoder().decode(stdout), "ts");
}
