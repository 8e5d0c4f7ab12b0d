// Benches in a process of their own, launched as `npm run bench` launches them, that are told to stop.
import assert from "node:assert/strict";
import { z } from "zod";
import { logLines } from "../stack/terminal.ts";
import { startOf } from "../stack/process/processes.ts";
import { repository } from "../stack/repository.ts";

const printedPids = z.array(z.int().positive()).length(4);

for (
  const { why, signal, said } of [
    { why: "on SIGTERM", signal: "SIGTERM", said: "Stopped: SIGTERM." },
    { why: "on Ctrl-C", signal: "SIGINT", said: "Stopped: SIGINT." },
    { why: "when what launched it is killed", signal: "SIGKILL", said: "Stopped: parent gone." },
  ] as const
) {
  Deno.test(`every process that a bench started ends ${why}`, async () => {
    const launched = new Deno.Command("node", {
      args: ["tools/run-deno.mjs", "run", "-A", "tools/bench/entrypoints/never_ending.ts"],
      cwd: repository,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const lines: string[] = [];
    const printed = Promise.withResolvers<string>();
    // Both streams stay open until the benches' own process has ended.
    const ended = Promise.all([
      logLines(launched.stdout, printed.resolve),
      logLines(launched.stderr, (line) => lines.push(line)),
      launched.status,
    ]).then(() => printed.reject(new Error(lines.join("\n"))));

    const pids = printedPids.parse(JSON.parse(await printed.promise));
    const processes = await Promise.all(pids.map(async (pid) => ({ pid, started: await startOf(pid) })));
    assert(processes.every(({ started }) => started !== null), "they run");
    launched.kill(signal);
    await ended;

    assert.deepEqual(lines, [said]);
    for (const { pid, started } of processes) {
      assert.notEqual(await startOf(pid), started, `${pid} still runs`);
    }
  });
}
