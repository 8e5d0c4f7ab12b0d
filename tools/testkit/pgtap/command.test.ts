import assert from "node:assert/strict";
import { join } from "node:path";
import { runTestDb } from "./command.ts";

const file = (test: string) =>
  `begin;\nselect plan(1);\nselect ${test};\nselect * from finish();\nrollback;\n`;

/** The command on a project of one table with these files of tests: its exit code and what it printed. */
async function run(
  { args, tests, stopped = Promise.withResolvers<string>().promise }: {
    args: string[];
    tests: Record<string, string>;
    stopped?: Promise<string>;
  },
): Promise<{ code: number; printed: string; complaints: string }> {
  const root = await Deno.makeTempDir();
  const folders = {
    migrations: join(root, "migrations"),
    tests: join(root, "tests"),
    rows: join(root, "rows"),
  };
  const printed: string[] = [];
  const complaints: string[] = [];
  try {
    for (const folder of Object.values(folders)) await Deno.mkdir(folder);
    await Deno.writeTextFile(
      join(folders.migrations, "1_notes.sql"),
      "create table public.notes (id integer);",
    );
    await Deno.writeTextFile(join(folders.rows, "1_notes.sql"), "insert into public.notes values (1);");
    for (const [name, sql] of Object.entries(tests)) await Deno.writeTextFile(join(folders.tests, name), sql);
    const code = await runTestDb({
      args,
      folders,
      stopped,
      print: (text) => printed.push(text),
      complain: (text) => complaints.push(text),
    });
    return { code, printed: printed.join("\n"), complaints: complaints.join("\n") };
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const PASSING = { "1_holds.test.sql": file("ok(true, 'it holds')") };
const FAILING = { ...PASSING, "2_fails.test.sql": file("is(1, 2, 'one is two')") };

Deno.test("one file that fails makes the exit code 1, and is told with its diagnostics", async () => {
  const { code, printed, complaints } = await run({
    args: ["1_holds.test.sql", "tests/2_fails.test.sql"],
    tests: FAILING,
  });
  assert.equal(code, 1);
  assert.equal(complaints, "");
  assert.match(printed, /^ok {5}1_holds\.test\.sql +1 test +\d+ ms$/m);
  assert.match(
    printed,
    /^failed 2_fails\.test\.sql +1 test +\d+ ms\n +not ok 1 - one is two\n +# Failed test 1/m,
  );
  assert.match(printed, /^2 tests in [\d.]+ s; 1 of 2 reports failed\.$/m);
});

Deno.test("files that pass, and migrations that keep the rows, make it 0", async () => {
  const { code, printed } = await run({ args: [], tests: PASSING });
  assert.equal(code, 0, printed);
  assert.match(printed, /^7 tests in [\d.]+ s, all passed\.$/m);
});

Deno.test("a name that is no file runs nothing", async () => {
  const { code, printed, complaints } = await run({ args: ["3_lost.test.sql"], tests: PASSING });
  assert.deepEqual({ code, printed }, { code: 1, printed: "" });
  assert.equal(complaints, "There is no file 3_lost.test.sql. There are: 1_holds.test.sql.");
});

Deno.test("without any file of tests it fails", async () => {
  const { code, complaints } = await run({ args: [], tests: {} });
  assert.equal(code, 1);
  assert.match(complaints, /^There are no files of tests in /);
});

Deno.test("--help tells what it does", async () => {
  const { code, printed } = await run({ args: ["--help"], tests: PASSING });
  assert.equal(code, 0);
  assert.match(printed, /npm run test:db -- FILE/);
});

Deno.test("a run that is stopped ends with the file under way, says so and fails", async () => {
  const { code, printed, complaints } = await run({
    args: [],
    tests: FAILING,
    stopped: Promise.resolve("SIGINT"),
  });
  assert.deepEqual({ code, complaints }, { code: 1, complaints: "Stopped: SIGINT." });
  assert.match(printed, /^ok {5}1_holds\.test\.sql .*$/);
});
