import { join } from "node:path";

/** Where the generated types are kept, from the repository's folder. */
export const databaseTypesPath = "supabase/functions/_shared/database.types.ts";

async function run(
  command: string,
  options: { args: string[]; cwd: string; env?: Record<string, string>; input?: string },
): Promise<string> {
  const { args, cwd, env, input } = options;
  const child = new Deno.Command(command, {
    args,
    cwd,
    env,
    stdin: input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (input !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  }
  const { success, stdout, stderr } = await child.output();
  if (!success) throw new Error(`${command} failed: ${new TextDecoder().decode(stderr).trim()}`);
  return new TextDecoder().decode(stdout);
}

/**
 * The TypeScript types of a database's schema `public`, as the Supabase CLI writes them and this project formats them.
 * Throws with what the CLI said when it fails.
 */
export async function generateDatabaseTypes(
  { root, databaseUrl }: { root: string; databaseUrl: string },
): Promise<string> {
  const generated = await run(join(root, "node_modules", ".bin", "supabase"), {
    args: [
      ...["gen", "types", "--lang", "typescript", `--remote=${databaseUrl}`, "--schema", "public"],
      ...["--output-format", "text", "--workdir", root],
    ],
    cwd: root,
    env: { PGSSLMODE: "disable", DO_NOT_TRACK: "1", SUPABASE_NO_UPDATE_NOTIFIER: "1" },
  });
  return await run(Deno.execPath(), { args: ["fmt", "--ext", "ts", "-"], cwd: root, input: generated });
}
