// A run of the tests that is stopped on its way, as a person and as another program stop it.
import assert from "node:assert/strict";
import { join } from "node:path";
import { logLines } from "../stack/terminal.ts";
import {
  isAlive,
  type ProcessIdentity,
  readProcessRecord,
  signal,
  startOf,
} from "../stack/process/processes.ts";
import { processRecordPath } from "../stack/stack_record.ts";
import { repository } from "../stack/repository.ts";

/** The processes that stacks have recorded anywhere below a folder, by name. */
async function recordedBelow(folder: string): Promise<Map<string, ProcessIdentity>> {
  const found = new Map<string, ProcessIdentity>();
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (!isDirectory || name === "postgres") continue;
    const path = join(folder, name);
    for (const [what, process] of await readProcessRecord(processRecordPath(path))) found.set(what, process);
    for (const [what, process] of await recordedBelow(path)) found.set(what, process);
  }
  return found;
}

async function stopRun(stop: (pid: number) => void): Promise<void> {
  const temporary = await Deno.makeTempDir();
  await Deno.chmod(temporary, 0o711);
  const run = new Deno.Command("node", {
    args: [
      "tools/run-deno.mjs",
      "run",
      "-A",
      "tools/commands/test_deploy.ts",
      "tools/checks/deploy/endless.ts",
    ],
    cwd: repository,
    env: { TMPDIR: temporary },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    detached: true,
  }).spawn();
  try {
    const said: string[] = [];
    const up = Promise.withResolvers<number>();
    const take = (line: string) => {
      said.push(line);
      const [, pid] = /Up, with the program (\d+)/.exec(line) ?? [];
      if (pid !== undefined) up.resolve(Number(pid));
    };
    const reading = Promise.all([logLines(run.stdout, take), logLines(run.stderr, take)]);
    void reading.then(() => up.reject(new Error(said.join("\n"))));
    const pid = await up.promise;
    const processes = await recordedBelow(temporary);
    assert.deepEqual([...processes.keys()].sort(), ["function", "postgres", "stack"]);
    processes.set("program", { pid, started: await startOf(pid) ?? "gone" });
    for (const [name, process] of processes) assert(await isAlive(process), `${name} runs`);

    stop(run.pid);
    const { code } = await run.status;
    const left: string[] = [];
    for (const [name, process] of processes) if (await isAlive(process)) left.push(name);
    const folders = [...Deno.readDirSync(temporary)].map(({ name }) => name);
    assert.deepEqual({ code, left, folders }, { code: 1, left: [], folders: [] }, said.join("\n"));
    await reading;
  } finally {
    signal(run.pid, "SIGTERM");
    await run.status;
    await Deno.remove(temporary, { recursive: true });
  }
}

Deno.test("Ctrl-C in a terminal leaves no process and no folder", () =>
  stopRun((pid) => Deno.kill(-pid, "SIGINT")));

Deno.test("SIGTERM leaves no process and no folder", () => stopRun((pid) => Deno.kill(pid, "SIGTERM")));
