import assert from "node:assert/strict";
import { readTap } from "./tap.ts";

const read = (text: string) => readTap(text.split("\n"));

Deno.test("a plan and as many passing tests are all it takes", () => {
  assert.deepEqual(read("1..2\nok 1 - one\n\nf\nok 2 - two"), { tests: 2, problems: [] });
});

Deno.test("a failing test is told with its diagnostics, and with no other's", () => {
  const { problems } = read(
    '# before\n1..3\nok 1 - one\n# of one\nnot ok 2 - two\n# Failed test 2: "two"\n#   have: 1\nok 3\n# after',
  );
  assert.deepEqual(problems, ['not ok 2 - two\n# Failed test 2: "two"\n#   have: 1']);
});

for (
  const [what, text, problem] of [
    ["fewer tests than planned", "1..2\nok 1 - one", "2 tests were planned, and 1 ran."],
    ["more tests than planned", "1..1\nok 1 - one\nok 2 - two", "1 tests were planned, and 2 ran."],
    ["no plan", "ok 1 - one", "There is no plan."],
    ["a plan after the tests", "ok 1 - one\n1..1", "The plan comes after the first test."],
    ["two plans", "1..1\n1..1\nok 1 - one", "There is more than one plan."],
    ["no tests", "1..0", "There are no tests."],
    ["nothing", "", "There is no plan."],
    ["a number left out", "1..2\nok 1 - one\nok 3 - three", "Test 2 says that it is number 3."],
    ["a skipped test", "1..1\nok 1 - one # SKIP no time", "SKIP tests nothing: ok 1 - one # SKIP no time"],
    ["a test to be done", "1..1\nok 1 - # todo later", "TODO tests nothing: ok 1 - # todo later"],
    ["bailing out", "1..1\nok 1\nBail out!  No schema.", "Bail out!  No schema."],
  ] as const
) {
  Deno.test(`${what} is a problem`, () => {
    assert.deepEqual(read(text).problems, [problem]);
  });
}

Deno.test("a test that fails and is to be done fails", () => {
  assert.equal(read("1..1\nnot ok 1 - one # TODO later").problems.length, 2);
});

Deno.test("a description may speak of skipping, with its # escaped", () => {
  assert.deepEqual(read("1..1\nok 1 - one \\# skip of a rope").problems, []);
});
