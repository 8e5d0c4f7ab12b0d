// Runs a Deno that npm installed with the arguments given, on Node alone: it needs no install script to have run, and
// on Ctrl-C it stays until Deno has stopped its children, so that the prompt returns to a quiet machine. It is the newest
// Deno, or with `--platform` first the one that Supabase's edge runtime runs.
import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import process from "node:process";
import { findDeno } from "./stack/function/deno_binaries.mjs";

const [first, ...rest] = process.argv.slice(2);
const onPlatform = first === "--platform";

let binary;
try {
  binary = findDeno(onPlatform ? "platform" : "newest").binary;
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

const child = spawn(binary, onPlatform ? rest : process.argv.slice(2), {
  stdio: "inherit",
  env: { ...process.env, DENO_NO_UPDATE_CHECK: "1" },
});
// A terminal sends Ctrl-C to the whole group, so Deno has it already; other senders reach only this process.
process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
process.on("SIGTERM", () => child.kill("SIGTERM"));
process.on("SIGHUP", () => child.kill("SIGHUP"));
// npm that was killed passes nothing on, and what it started would run for ever. Between npm and here there may be a shell.
if (process.env.npm_lifecycle_event) {
  const parent = process.ppid;
  const grandparent = parentOf(parent);
  setInterval(() => {
    if (process.ppid !== parent || !isThere(grandparent)) child.kill("SIGTERM");
  }, 500).unref();
}
child.on("error", (error) => {
  process.stderr.write(`${binary} could not be started: ${error.message}\n`);
  process.exit(1);
});
child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));

function parentOf(pid) {
  try {
    return Number(
      execFileSync("ps", ["-o", "ppid=", "-p", `${pid}`], { stdio: ["ignore", "pipe", "ignore"] }),
    );
  } catch {
    // A slim container has no ps, but then it has /proc: the parent is the second field after the command's bracket.
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return 0;
  }
}

function isThere(pid) {
  try {
    return pid <= 1 || process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}
