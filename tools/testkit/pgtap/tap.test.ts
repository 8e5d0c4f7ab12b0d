// What pgTAP itself does not print; run_pgtap.test.ts has the rest.
import assert from "node:assert/strict";
import { readTap } from "./tap.ts";

const cases: [what: string, text: string, tests: number, problems: string[]][] = [
  ["a plan and as many passing tests", "1..2\nok 1 - one\n\nf\nok 2 - two", 2, []],
  [
    "a failing test with its diagnostics, and with no other's",
    '# before\n1..3\nok 1 - one\n# of one\nnot ok 2 - two\n# Failed test 2: "two"\n#   have: 1\nok 3\n# after',
    3,
    ['not ok 2 - two\n# Failed test 2: "two"\n#   have: 1'],
  ],
  ["no plan", "ok 1 - one", 1, ["There is no plan."]],
  ["a plan after the tests", "ok 1 - one\n1..1", 1, ["The plan comes after the first test."]],
  ["two plans", "1..1\n1..1\nok 1 - one", 1, ["There is more than one plan."]],
  ["no tests", "1..0", 0, ["There are no tests."]],
  ["nothing", "", 0, ["There is no plan."]],
  ["a number left out", "1..2\nok 1 - one\nok 3 - three", 2, ["Test 2 says that it is number 3."]],
  ["a skipped test", "1..1\nok 1 - one # SKIP no time", 1, ["SKIP tests nothing: ok 1 - one # SKIP no time"]],
  ["a test to be done", "1..1\nok 1 - # todo later", 1, ["TODO tests nothing: ok 1 - # todo later"]],
  ["a failing test to be done", "1..1\nnot ok 1 - one # TODO later", 1, [
    "not ok 1 - one # TODO later",
    "TODO tests nothing: not ok 1 - one # TODO later",
  ]],
  ["bailing out", "1..1\nok 1\nBail out!  No schema.", 1, ["Bail out!  No schema."]],
  ["a description with an escaped #", "1..1\nok 1 - one \\# skip of a rope", 1, []],
];
for (const [what, text, tests, problems] of cases) {
  Deno.test(`${what} ${problems.length === 0 ? "passes" : "fails"}`, () =>
    assert.deepEqual(readTap(text.split("\n")), { tests, problems }));
}
