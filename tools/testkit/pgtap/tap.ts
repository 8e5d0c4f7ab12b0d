/** What a file of tests said. */
export type Tap = {
  /** How many tests it ran. */
  tests: number;
  /** Each failing test with its diagnostics, and whatever else is wrong; empty when all is well. */
  problems: string[];
};

const PLAN = /^1\.\.(\d+)\s*(?:#.*)?$/;
const TEST = /^(not )?ok\b *(\d+)? *-? *(.*)$/;
/** A `#` of the description itself comes with a backslash. */
const DIRECTIVE = /(?<!\\)# *(todo|skip)/i;

/**
 * Reads the Test Anything Protocol (https://testanything.org/tap-specification.html), the form that pgTAP writes. Stricter
 * than it: the plan comes first, and a test that is skipped or to be done is a problem, for it tests nothing.
 */
export function readTap(lines: readonly string[]): Tap {
  const problems: string[] = [];
  let planned: number | null = null;
  let tests = 0;
  let failing = false;
  const wrong = (problem: string) => problems.push(problem);

  for (const line of lines) {
    const plan = PLAN.exec(line);
    const test = TEST.exec(line);
    if (plan) {
      if (planned !== null) wrong("There is more than one plan.");
      else if (tests > 0) wrong("The plan comes after the first test.");
      planned = Number(plan[1]);
      failing = false;
    } else if (test) {
      tests++;
      const [, not, number, description = ""] = test;
      failing = not !== undefined;
      if (failing) wrong(line);
      if (Number(number) !== tests) wrong(`Test ${tests} says that it is number ${number}.`);
      const directive = DIRECTIVE.exec(description)?.[1];
      if (directive !== undefined) wrong(`${directive.toUpperCase()} tests nothing: ${line}`);
    } else if (line.startsWith("Bail out!")) {
      wrong(line);
    } else if (failing && line.startsWith("#") && !line.startsWith("# Looks like you")) {
      problems[problems.length - 1] += `\n${line}`;
    }
  }
  if (planned === null) wrong("There is no plan.");
  else if (planned !== tests) wrong(`${planned} tests were planned, and ${tests} ran.`);
  else if (tests === 0) wrong("There are no tests.");
  return { tests, problems };
}
