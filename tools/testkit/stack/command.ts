import { repository } from "../../stack/repository.ts";

/** What a command printed, and its exit code. */
export type Ran = { code: number; out: string; err: string };

/** Runs a command of `tools/commands/` as a person would, with this environment only on top of the machine's. */
export async function runCommand(
  file: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<Ran> {
  const { code, stdout, stderr } = await new Deno.Command("node", {
    args: ["tools/run-deno.mjs", "run", "-A", `tools/commands/${file}`, ...args],
    cwd: repository,
    env,
    stdin: "null",
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out: out ?? "", err: err ?? "" };
}
