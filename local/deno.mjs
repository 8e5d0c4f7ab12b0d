// Runs the Deno that npm installed with the arguments given, on Node alone: it needs no install script to have
// run, and on Ctrl-C it stays until Deno has stopped its children, so that the prompt returns to a quiet machine.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";

const libc = process.platform === "linux" ? "-glibc" : "";
const name = `@deno/${process.platform}-${process.arch}${libc}`;
const require = createRequire(import.meta.url);

let binary;
try {
  const folder = dirname(require.resolve(`${name}/package.json`));
  binary = ["deno", "deno.exe"].map((file) => join(folder, file)).find(existsSync);
} catch {
  // Told below.
}
if (!binary) {
  process.stderr.write(`${name} is not installed. Run "npm ci" first.\n`);
  process.exit(1);
}

const child = spawn(binary, process.argv.slice(2), {
  stdio: "inherit",
  env: { ...process.env, DENO_NO_UPDATE_CHECK: "1" },
});
// A terminal sends Ctrl-C to the whole group, so Deno has it already; other senders reach only this process.
process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
process.on("SIGTERM", () => child.kill("SIGTERM"));
process.on("SIGHUP", () => child.kill("SIGHUP"));
child.on("error", (error) => {
  process.stderr.write(`${binary} could not be started: ${error.message}\n`);
  process.exit(1);
});
child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
