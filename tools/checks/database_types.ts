import { join } from "node:path";
import { repository } from "../stack/repository.ts";

/** Where the generated types are, from the repository's folder. */
export const databaseTypesPath = "supabase/functions/_shared/database.types.ts";

/**
 * The TypeScript types of a database's schema `public`, as the Supabase CLI writes them and this project formats them.
 * @throws {Error} with what the CLI or the formatter printed, when it fails
 */
export async function generateDatabaseTypes(databaseUrl: string): Promise<string> {
  const settings = { cwd: repository, stdout: "piped", stderr: "piped" } as const;
  const generator = new Deno.Command(join(repository, "node_modules", ".bin", "supabase"), {
    ...settings,
    args: [
      ...["gen", "types", "--lang", "typescript", `--remote=${databaseUrl}`, "--schema", "public"],
      ...["--output-format", "text", "--workdir", repository],
    ],
    env: { PGSSLMODE: "disable", DO_NOT_TRACK: "1", SUPABASE_NO_UPDATE_NOTIFIER: "1" },
    stdin: "null",
  });
  const generated = await generator.output();
  if (!generated.success) throw new Error(`The CLI failed: ${textOf(generated.stderr)}`);
  const formatter = new Deno.Command(Deno.execPath(), {
    ...settings,
    args: ["fmt", "--ext", "ts", "-"],
    stdin: "piped",
  }).spawn();
  await new Blob([generated.stdout]).stream().pipeTo(formatter.stdin);
  const formatted = await formatter.output();
  if (!formatted.success) throw new Error(`deno fmt failed: ${textOf(formatted.stderr)}`);
  return textOf(formatted.stdout);
}

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
