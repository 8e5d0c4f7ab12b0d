/** A file of pgTAP with its frame, of one test unless another plan is given. */
export const file = (body: string, plan = 1) =>
  `begin;\nselect plan(${plan});\n${body}\nselect * from finish();\nrollback;\n`;

/** A file that ends its transaction by these statements, with tests that it would pass. */
const ended = (statements: string) =>
  `begin;\ncreate table if not exists public.left_1 ();\n${statements}\n` +
  "select plan(1);\nselect ok(true, 'it holds');\nselect * from finish();\nrollback;\n";
const ENDS = /^The file ends its transaction before its last line: what it made may stay\.$/;

/** Files of tests by what is planted in them: how many tests run, and what the runner has to say of it, null for nothing. */
export const PLANTED: Record<string, { sql: string; tests: number; problem: RegExp | null }> = {
  "passing": { sql: file("select ok(true, 'it holds');"), tests: 1, problem: null },
  "failing": {
    sql: file("select is(1, 2, 'one is two');"),
    tests: 1,
    problem: /^not ok 1 - one is two\n# Failed test 1: "one is two"\n# +have: 1\n# +want: 2$/,
  },
  "fewer": {
    sql: file("select ok(true, 'it holds');", 2),
    tests: 1,
    problem: /^2 tests were planned, and 1 ran\.$/,
  },
  "more": {
    sql: file("select ok(true, 'a');\nselect ok(true, 'b');"),
    tests: 2,
    problem: /^1 tests were planned, and 2 ran\.$/,
  },
  "without a plan": {
    sql: "begin;\nselect * from no_plan();\nselect ok(true, 'a');\nselect * from finish();\nrollback;",
    tests: 1,
    problem: /^The plan comes after the first test\.$/,
  },
  "to be done": {
    sql: file("select todo('later', 1); select ok(false, 'a');"),
    tests: 1,
    problem: /TODO tests nothing/,
  },
  "skipped": { sql: file("select skip('no time', 1);"), tests: 1, problem: /SKIP tests nothing/ },
  "with an SQL error": {
    sql: file("select ok(true, 'a');\nselect nothing.such();", 1),
    tests: 1,
    problem: /^ERROR 3F000, line 4: schema "nothing" does not exist/,
  },
  "without rollback": {
    sql: "begin;\nselect plan(1);\nselect ok(true, 'a');\nselect * from finish();",
    tests: 0,
    problem: /does not end with `rollback;`/,
  },
  "that commits": { sql: ended("commit; begin;"), tests: 1, problem: ENDS },
  "that commits, its tests done": {
    sql: file("create table public.left_2 ();\nselect ok(true, 'a'); end;"),
    tests: 1,
    problem: ENDS,
  },
  "that rolls back early": { sql: ended("rollback;"), tests: 1, problem: ENDS },
  "that aborts and begins anew": { sql: ended("abort; begin;"), tests: 1, problem: ENDS },
  "that chains another transaction": { sql: ended("rollback and chain;"), tests: 1, problem: ENDS },
  "that goes back to a savepoint": {
    sql: file(
      "savepoint here;\nselect nothing from (select 1 as nothing) x;\nrollback to savepoint here;\n" +
        "select ok(true, 'it holds');",
    ),
    tests: 1,
    problem: null,
  },
  "that speaks of rollback and commit": {
    sql: `-- Begins, and commits nothing;\n${
      file("select ok(true, 'no\ncommit; nor rollback;');")
    }-- rollback;\n`,
    tests: 1,
    problem: null,
  },
  "without begin": { sql: "select plan(1);\nrollback;", tests: 0, problem: /does not begin with `begin;`/ },
};
