import { spawnSync } from "node:child_process";
import { repository } from "../stack/repository.ts";

/** A generated text as `deno fmt` formats it. */
export function formatted(text: string, type: "ts" | "md" | "json"): string {
  const { status, stdout, stderr } = spawnSync(Deno.execPath(), ["fmt", "--quiet", "--ext", type, "-"], {
    cwd: repository,
    input: text,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`deno fmt could not format the generated ${type}: ${stderr.trim()}`);
  return stdout;
}
