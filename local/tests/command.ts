import { root } from "./launch.ts";

/** What a command printed, and its exit code. */
export type Ran = { code: number; out: string; err: string };

/** Runs a command of `local/` as a person would, with this environment only on top of the machine's. */
export async function runCommand(
  file: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<Ran> {
  const { code, stdout, stderr } = await new Deno.Command("node", {
    args: ["local/deno.mjs", "run", "-A", `local/${file}`, ...args],
    cwd: root,
    env,
    stdin: "null",
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out: out ?? "", err: err ?? "" };
}
