// The runner on files that were planted, on a server of its own.
import assert from "node:assert/strict";
import { join } from "node:path";
import { openDatabase } from "../../stack/postgres/project_database.ts";
import { file, PLANTED } from "./planted.ts";
import { testNewProject, testUpgrades } from "./run.ts";
import { type Server, withServer } from "./server.ts";
import { type Report, runTestFile } from "./test_file.ts";
import { testUpgrade } from "./upgrade.ts";

async function withFolder<Result>(
  files: Record<string, string>,
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.mkdir(join(folder, name, ".."), { recursive: true });
      await Deno.writeTextFile(join(folder, name), text);
    }
    return await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

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

async function upgraded(
  server: Server,
  name: string,
  files: Record<string, string>,
): Promise<Report> {
  return await withFolder({ "rows/README": "", ...files }, async (folder) =>
    testUpgrade({
      name,
      databaseUrl: await server.createProject(name),
      migrations: join(folder, "migrations"),
      rows: join(folder, "rows"),
      before: "insert into auth.users (id) values (gen_random_uuid());" +
        "insert into storage.buckets (id, name) values ('b', 'b');" +
        "insert into storage.objects (bucket_id, name) values ('b', 'o');",
    }));
}

Deno.test("the runner", async (t) => {
  await withServer(async (server) => {
    const databaseUrl = await server.createProject("planted");

    for (const [name, { sql, tests, problem }] of Object.entries(PLANTED)) {
      await t.step(`a file ${name} ${problem === null ? "passes" : "fails"}`, async () => {
        const report = await withFolder(
          { "planted.test.sql": sql },
          (folder) => runTestFile({ databaseUrl, path: join(folder, "planted.test.sql") }),
        );
        assert.equal(report.name, "planted.test.sql");
        assert.equal(report.tests, tests);
        if (problem === null) assert.deepEqual(report.problems, []);
        else assert.match(report.problems.join("\n\n"), problem);
      });
    }

    await t.step("a file runs as postgres, who is no superuser, and leaves nothing behind", async () => {
      const sql = file(`create table public.left_behind ();
        select is(current_user::text || ' ' || rolsuper, 'postgres false', 'role')
        from pg_roles where rolname = current_user;`);
      const report = await withFolder(
        { "role.test.sql": sql },
        (folder) => runTestFile({ databaseUrl, path: join(folder, "role.test.sql") }),
      );
      assert.deepEqual(report.problems, []);
      const database = openDatabase(databaseUrl);
      const [row] = await database`
        select to_regclass('public.left_behind') is null as clean,
          (select count(*)::int from pg_proc where pronamespace = 'public'::regnamespace) as functions`;
      await database.end();
      assert.deepEqual({ ...row }, { clean: true, functions: 0 });
    });

    await t.step(
      "migrations that keep all rows pass, and the rows of a table are saved after it",
      async () => {
        const { tests, problems } = await upgraded(server, "kept", { ...MIGRATIONS, ...ROWS });
        assert.deepEqual({ tests, problems }, { tests: 2, problems: [] });
      },
    );

    const changed: [what: string, files: Record<string, string>, problem: RegExp][] = [
      [
        "that changes a row",
        { ...ROWS, "migrations/3_three.sql": "update public.ones set name = 'b' where id = 1;" },
        /^3_three\.sql: public\.ones lost or changed \{"id": 1, "name": "a".*\n.*has got \{"id": 1, "name": "b"/,
      ],
      [
        "that removes a row",
        { ...ROWS, "migrations/3_three.sql": "delete from public.ones where id = 2;" },
        /^3_three\.sql: public\.ones lost or changed \{"id": 2/,
      ],
      [
        "that removes one of two equal rows",
        {
          ...EQUAL,
          "migrations/3_three.sql":
            "delete from public.ones where ctid = (select max(ctid) from public.ones);",
        },
        /^3_three\.sql: public\.ones lost or changed \{"id": 1, "name": "a", "size": 3\}$/,
      ],
      [
        "that adds another equal row",
        { ...EQUAL, "migrations/3_three.sql": "insert into public.ones (id, name) values (1, 'a');" },
        /^3_three\.sql: public\.ones has got \{"id": 1, "name": "a", "size": 3\}$/,
      ],
      [
        "that drops a column",
        { ...ROWS, "migrations/3_three.sql": "alter table public.ones drop column name;" },
        /column "name" does not exist/,
      ],
      [
        "that only an empty table allows",
        { ...ROWS, "migrations/3_three.sql": "alter table public.ones alter column name set not null;" },
        /^Migration 3_three\.sql failed: column "name" of relation "ones" contains null values$/,
      ],
      ["whose table gets no rows", {}, /^public\.ones has no row before 2_two\.sql: save one in a file of /],
      [
        "whose table gets no rows, the last of all",
        { ...ROWS, "migrations/3_three.sql": "create table public.threes (id integer);" },
        /^public\.threes has no row after the last migration/,
      ],
      [
        "that there is not, with rows",
        { ...ROWS, "rows/4_four.sql": "select 1;" },
        /4_four\.sql has the name of no migration\.$/,
      ],
    ];
    for (const [index, [what, files, problem]] of changed.entries()) {
      await t.step(`a migration ${what} is a problem`, async () => {
        const { problems } = await upgraded(server, `changed_${index}`, { ...MIGRATIONS, ...files });
        assert.match(problems.join("\n"), problem);
      });
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
      await withFolder(files, async (folder) => {
        const folders = {
          migrations: join(folder, "migrations"),
          tests: join(folder, "tests"),
          rows: join(folder, "rows"),
        };
        const asked = {
          names: ["1.test.sql", "2.test.sql"],
          onReport: (report: Report) => void reports.push(report),
        };
        await testNewProject(server, folders, asked);
        await testUpgrades(server, folders, asked);
      });
      assert.deepEqual(reports.map(({ name, tests, problems }) => [name, tests, problems.length]), [
        ["1.test.sql", 1, 0],
        ["2.test.sql", 1, 0],
        ["migrations, new_project", 1, 0],
        ["files, new_project", 2, 1],
        ["migrations, older_flow", 1, 0],
        ["files, older_flow", 2, 1],
        ["migrations, older_flow_without_key", 1, 0],
        ["files, older_flow_without_key", 2, 1],
      ]);
      assert.match(reports[3]?.problems[0] ?? "", /^2\.test\.sql: not ok 1 - no rows/);
    });
  });
});
