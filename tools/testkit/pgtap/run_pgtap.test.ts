// The runner and its command on planted files.
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { openDatabase } from "../../stack/postgres/project_database.ts";
import { withServer } from "./pgtap_server.ts";
import { type Folders, runTestDb, testNewProject, testUpgrades } from "./run_pgtap.ts";
import { type Report, runTestFile } from "./test_file.ts";
import { testUpgrade } from "./upgrade.ts";

type Files = Record<string, string>;

/** Runs `use` with the folders of a project that has these files. */
async function withFiles<Result>(
  files: Files,
  use: (folders: Folders) => Promise<Result>,
): Promise<Result> {
  const root = await Deno.makeTempDir();
  const at = (name: string) => join(root, name);
  const folders = { migrations: at("migrations"), tests: at("tests"), rows: at("rows") };
  try {
    for (const folder of Object.values(folders)) await Deno.mkdir(folder);
    for (const [name, text] of Object.entries(files)) {
      await Deno.mkdir(dirname(at(name)), { recursive: true });
      await Deno.writeTextFile(at(name), text);
    }
    return await use(folders);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** A file of pgTAP with its frame. */
const file = (body: string, plan = 1) =>
  `begin;\nselect plan(${plan});\n${body}\nselect * from finish();\nrollback;\n`;
const HOLDS = "select ok(true, 'it holds');";
const ONE_IS_TWO = "select is(1, 2, 'one is two');";

/** A file that ends its transaction by these statements, with tests that it would pass. */
const ended = (statements: string) =>
  `begin;\ncreate table if not exists public.left_1 ();\n${statements}\n` +
  `select plan(1);\n${HOLDS}\nselect * from finish();\nrollback;\n`;
const ENDS = /^The file ends its transaction before its last line: what it made may stay\.$/;

const planted: [what: string, sql: string, tests: number, problem: RegExp | null][] = [
  ["passing", file(HOLDS), 1, null],
  [
    "failing",
    file(ONE_IS_TWO),
    1,
    /^not ok 1 - one is two\n# Failed test 1: "one is two"\n# +have: 1\n# +want: 2$/,
  ],
  ["fewer", file(HOLDS, 2), 1, /^2 tests were planned, and 1 ran\.$/],
  ["more", file(`${HOLDS}\n${HOLDS}`), 2, /^1 tests were planned, and 2 ran\.$/],
  [
    "without a plan",
    `begin;\nselect * from no_plan();\n${HOLDS}\nselect * from finish();\nrollback;`,
    1,
    /^The plan comes after the first test\.$/,
  ],
  ["to be done", file("select todo('later', 1); select ok(false, 'a');"), 1, /TODO tests nothing/],
  ["skipped", file("select skip('no time', 1);"), 1, /SKIP tests nothing/],
  [
    "with an SQL error",
    file(`${HOLDS}\nselect nothing.such();`),
    1,
    /^ERROR 3F000, line 4: schema "nothing" does not exist/,
  ],
  [
    "without rollback",
    `begin;\nselect plan(1);\n${HOLDS}\nselect * from finish();`,
    0,
    /does not end with `rollback;`/,
  ],
  ["without begin", "select plan(1);\nrollback;", 0, /does not begin with `begin;`/],
  ["that commits", ended("commit; begin;"), 1, ENDS],
  ["that commits, its tests done", file(`create table public.left_2 ();\n${HOLDS} end;`), 1, ENDS],
  ["that rolls back early", ended("rollback;"), 1, ENDS],
  ["that aborts and begins anew", ended("abort; begin;"), 1, ENDS],
  ["that chains another transaction", ended("rollback and chain;"), 1, ENDS],
  [
    "that goes back to a savepoint",
    file(
      `savepoint here;\nselect nothing from (select 1 as nothing) x;\nrollback to savepoint here;\n${HOLDS}`,
    ),
    1,
    null,
  ],
  [
    "that speaks of rollback and commit",
    `-- Begins, and commits nothing;\n${file("select ok(true, 'no\ncommit; nor rollback;');")}-- rollback;\n`,
    1,
    null,
  ],
];

/** The migrations of a small project, and rows for its table. */
const MIGRATIONS = {
  "migrations/1_one.sql": "create table public.ones (id integer primary key, name text);",
  "migrations/2_two.sql": "alter table public.ones add column size integer not null default 3;",
};
const ROWS = { "rows/1_one.sql": "insert into public.ones (id, name) values (1, 'a'), (2, null);" };
/** Two rows that are the same. */
const EQUAL = {
  "migrations/1_one.sql": "create table public.ones (id integer, name text);",
  "rows/1_one.sql": "insert into public.ones (id, name) values (1, 'a'), (1, 'a');",
};
const third = (sql: string) => ({ "migrations/3_three.sql": sql });

const migrations: [what: string, files: Files, problem: RegExp | null][] = [
  ["that keeps all rows", ROWS, null],
  [
    "that changes a row",
    { ...ROWS, ...third("update public.ones set name = 'b' where id = 1;") },
    /^3_three\.sql: public\.ones lost or changed \{"id": 1, "name": "a".*\n.*has got \{"id": 1, "name": "b"/,
  ],
  [
    "that removes a row",
    { ...ROWS, ...third("delete from public.ones where id = 2;") },
    /^3_three\.sql: public\.ones lost or changed \{"id": 2/,
  ],
  [
    "that removes one of two equal rows",
    { ...EQUAL, ...third("delete from public.ones where ctid = (select max(ctid) from public.ones);") },
    /^3_three\.sql: public\.ones lost or changed \{"id": 1, "name": "a", "size": 3\}$/,
  ],
  [
    "that adds another equal row",
    { ...EQUAL, ...third("insert into public.ones (id, name) values (1, 'a');") },
    /^3_three\.sql: public\.ones has got \{"id": 1, "name": "a", "size": 3\}$/,
  ],
  [
    "that drops a column",
    { ...ROWS, ...third("alter table public.ones drop column name;") },
    /column "name" does not exist/,
  ],
  [
    "that only an empty table allows",
    { ...ROWS, ...third("alter table public.ones alter column name set not null;") },
    /^Migration 3_three\.sql failed: column "name" of relation "ones" contains null values$/,
  ],
  ["whose table gets no rows", {}, /^public\.ones has no row before 2_two\.sql: save one in a file of /],
  [
    "whose table gets no rows, the last of all",
    { ...ROWS, ...third("create table public.threes (id integer);") },
    /^public\.threes has no row after the last migration/,
  ],
  [
    "that there is not, with rows",
    { ...ROWS, "rows/4_four.sql": "select 1;" },
    /4_four\.sql has the name of no migration\.$/,
  ],
];

Deno.test("the runner", async (t) => {
  await withServer(async (server) => {
    const databaseUrl = await server.createProject("planted");
    const runFile = (sql: string) =>
      withFiles(
        { "tests/planted.test.sql": sql },
        ({ tests }) => runTestFile(databaseUrl, join(tests, "planted.test.sql")),
      );

    for (const [what, sql, tests, problem] of planted) {
      await t.step(`a file ${what} ${problem === null ? "passes" : "fails"}`, async () => {
        const report = await runFile(sql);
        assert.deepEqual([report.name, report.tests], ["planted.test.sql", tests]);
        assert.match(report.problems.join("\n\n"), problem ?? /^$/);
      });
    }

    await t.step("a file runs as postgres, who is no superuser, and leaves nothing behind", async () => {
      const { problems } = await runFile(file(`create table public.left_behind ();
        select is(current_user::text || ' ' || rolsuper, 'postgres false', 'role')
        from pg_roles where rolname = current_user;`));
      assert.deepEqual(problems, []);
      const database = openDatabase(databaseUrl);
      const [row] = await database`
        select to_regclass('public.left_behind') is null as clean,
          (select count(*)::int from pg_proc where pronamespace = 'public'::regnamespace) as functions`;
      await database.end();
      assert.deepEqual({ ...row }, { clean: true, functions: 0 });
    });

    for (const [index, [what, files, problem]] of migrations.entries()) {
      await t.step(
        `a migration ${what} ${problem === null ? "passes" : "fails"}`,
        () =>
          withFiles({ ...MIGRATIONS, ...files }, async (folders) => {
            const name = `changed_${index}`;
            const report = await testUpgrade({
              ...{ name, databaseUrl: await server.createProject(name), ...folders },
              before: "insert into auth.users (id) values (gen_random_uuid());" +
                "insert into storage.buckets (id, name) values ('b', 'b');" +
                "insert into storage.objects (bucket_id, name) values ('b', 'o');",
            });
            assert.match(report.problems.join("\n"), problem ?? /^$/);
            if (problem === null) assert.equal(report.tests, 2);
          }),
      );
    }

    await t.step("all files run on a new project, and on those that were upgraded", async () => {
      const files = {
        "migrations/1_one.sql": "create table if not exists public.voices (user_id uuid, name text);",
        "rows/1_one.sql":
          "insert into public.voices (user_id, name) values ('00000000-0000-4000-8000-00000000000a', 'row');",
        "tests/1.test.sql": file("select has_table('public', 'voices', 'the table'); "),
        "tests/2.test.sql": file(
          "select is(count(*), 0::bigint, 'no rows') from public.voices where name = 'row';",
        ),
      };
      const reports: Report[] = [];
      const onReport = (report: Report) => void reports.push(report);
      await withFiles(files, async (folders) => {
        const names = ["1.test.sql", "2.test.sql"];
        await testNewProject(server, folders, names, onReport);
        await testUpgrades(server, folders, names, onReport);
      });
      assert.deepEqual(reports.map(({ name, tests, problems }) => [name, tests, problems.length]), [
        ["1.test.sql", 1, 0],
        ["2.test.sql", 1, 0],
        ...["new_project", "older_flow", "older_flow_without_key"].flatMap((project) => [
          [`migrations, ${project}`, 1, 0],
          [`files, ${project}`, 2, 1],
        ]),
      ]);
      assert.match(reports[3]?.problems[0] ?? "", /^2\.test\.sql: not ok 1 - no rows/);
    });
  });
});

const HOLDING = { "tests/1_holds.test.sql": file(HOLDS) };
const FAILING = { ...HOLDING, "tests/2_fails.test.sql": file(ONE_IS_TWO) };
const holdingLine = "ok {5}1_holds\\.test\\.sql +1 test +\\d+ ms";
const never = Promise.withResolvers<string>().promise;

const runs: [
  what: string,
  asked: { args?: string[]; files: Files; stopped?: Promise<string> },
  ended: { code: number; printed?: RegExp; complaints?: RegExp },
][] = [
  [
    "one file that fails makes the exit code 1, and is printed with its diagnostics",
    { args: ["1_holds.test.sql", "tests/2_fails.test.sql"], files: FAILING },
    {
      code: 1,
      printed: new RegExp(
        `^${holdingLine}\\nfailed 2_fails\\.test\\.sql +1 test +\\d+ ms\\n +not ok 1 - one is two\\n +# Failed test 1` +
          "[^]*\\n2 tests in [\\d.]+ s; 1 of 2 reports failed\\.$",
      ),
    },
  ],
  ["files that pass, and migrations that keep the rows, make it 0", { files: HOLDING }, {
    code: 0,
    printed: /^7 tests in [\d.]+ s, all passed\.$/m,
  }],
  ["a name that is no file runs nothing", { args: ["3_lost.test.sql"], files: HOLDING }, {
    code: 1,
    complaints: /^There is no file 3_lost\.test\.sql\. There are: 1_holds\.test\.sql\.$/,
  }],
  ["without any file of tests it fails", { files: {} }, {
    code: 1,
    complaints: /^There are no files of tests in /,
  }],
  ["--help prints the usage", { args: ["--help"], files: HOLDING }, {
    code: 0,
    printed: /npm run test:db -- FILE/,
  }],
  [
    "a run that is stopped ends with the current file, says so and fails",
    { files: FAILING, stopped: Promise.resolve("SIGINT") },
    { code: 1, printed: new RegExp(`^${holdingLine}$`), complaints: /^Stopped: SIGINT\.$/ },
  ],
];
for (const [what, { args = [], files, stopped = never }, ended] of runs) {
  Deno.test(what, () => {
    const project = {
      "migrations/1_notes.sql": "create table public.notes (id integer);",
      "rows/1_notes.sql": "insert into public.notes values (1);",
    };
    return withFiles({ ...project, ...files }, async (folders) => {
      const [printed, complaints]: [string[], string[]] = [[], []];
      const print = (text: string) => void printed.push(text);
      const complain = (text: string) => void complaints.push(text);
      const code = await runTestDb({ args, folders, stopped, print, complain });
      assert.equal(code, ended.code, printed.join("\n"));
      assert.match(printed.join("\n"), ended.printed ?? /^$/);
      assert.match(complaints.join("\n"), ended.complaints ?? /^$/);
    });
  });
}
