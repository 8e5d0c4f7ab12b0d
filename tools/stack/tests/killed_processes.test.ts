// The stack with its processes killed in every way.
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import {
  assertNothingRuns,
  eventually,
  killNow,
  processesOf,
  processOf,
  readRecord,
  rest,
  signIn,
  signUp,
  started,
  stopped,
  withDataDir,
} from "../../testkit/stack/launched_stack.ts";
import { startOf } from "../process/processes.ts";
import { readStack } from "../stack_record.ts";

for (const name of ["postgres", "function"] as const) {
  Deno.test(`${name} comes back by itself after kill -9, and the data is there`, async () => {
    await withDataDir(async (dataDir) => {
      const stack = await started(dataDir);
      await signUp(dataDir);
      const before = await processOf(dataDir, name);
      killNow(before);
      const isBack = async () => {
        // Requests go on all the time: what is lost while the process is away must neither hang nor stay lost.
        const answers = await Promise.all([signIn(dataDir), signIn(dataDir), rest(dataDir)]);
        const after = await processOf(dataDir, name).catch(() => before);
        return after.pid !== before.pid && answers.every((status) => status === 200);
      };
      assert.ok(await eventually(isBack));
      const { api_url } = await readRecord(dataDir);
      assert.deepEqual(await (await fetch(`${api_url}/health`)).json(), { ok: true });
      await stopped(stack);
    });
  });
}

const killed = [["stack"], ["stack", "postgres"], ["stack", "function"], [
  "stack",
  "postgres",
  "function",
]] as const;
for (const names of killed) {
  Deno.test(`after kill -9 of ${names.join(", ")} the next start stops what is left and has the data`, async () => {
    await withDataDir(async (dataDir) => {
      const first = await started(dataDir);
      await signUp(dataDir);
      const record = await readRecord(dataDir);
      const left = await processesOf(dataDir);
      for (const name of names) killNow(await processOf(dataDir, name));
      await first.status;
      assert.equal(await readStack(dataDir), null, "a leftover record does not count");

      const second = await started(dataDir);
      await assertNothingRuns(left);
      assert.equal(await signIn(dataDir), 200);
      assert.equal((await readRecord(dataDir)).publishable_key, record.publishable_key);
      await stopped(second);
    });
  });
}

Deno.test("a stranger that got the pid of an earlier child is left alone", async () => {
  await withDataDir(async (dataDir) => {
    await stopped(await started(dataDir));
    const stranger = new Deno.Command("sleep", { args: ["600"] }).spawn();
    const recorded = { pid: stranger.pid, started: "another time" };
    const processes = JSON.stringify({ stack: recorded, postgres: recorded, function: recorded });
    await Deno.writeTextFile(join(dataDir, "processes.json"), processes);
    const postmaster = join(dataDir, "postgres", "cluster", "postmaster.pid");
    await Deno.writeTextFile(postmaster, `${stranger.pid}\n${dirname(postmaster)}\n`);
    try {
      await stopped(await started(dataDir));
      assert.notEqual(await startOf(stranger.pid), null);
    } finally {
      stranger.kill("SIGKILL");
      await stranger.status;
    }
  });
});
