/** The outcome of a file of tests: how many ran, and each failing test with its diagnostics or other problem. */
export type Tap = { tests: number; problems: string[] };

/**
 * Reads the Test Anything Protocol (https://testanything.org/tap-specification.html) as pgTAP writes it. Stricter than the
 * protocol: the plan comes first, and a test that is skipped or to be done is a problem, because it tests nothing.
 */
export function readTap(lines: readonly string[]): Tap {
  const problems: string[] = [];
  let planned: number | null = null;
  let tests = 0;
  let failing = false;
  for (const line of lines) {
    const plan = /^1\.\.(\d+)\s*(?:#.*)?$/.exec(line);
    const test = /^(not )?ok\b *(\d+)? *-? *(.*)$/.exec(line);
    if (plan) {
      if (planned !== null) problems.push("There is more than one plan.");
      else if (tests > 0) problems.push("The plan comes after the first test.");
      planned = Number(plan[1]);
      failing = false;
    } else if (test) {
      tests++;
      const [, not, number, description = ""] = test;
      failing = not !== undefined;
      if (failing) problems.push(line);
      if (Number(number) !== tests) problems.push(`Test ${tests} says that it is number ${number}.`);
      // A `#` of the description itself comes with a backslash.
      const [, directive] = /(?<!\\)# *(todo|skip)/i.exec(description) ?? [];
      if (directive) problems.push(`${directive.toUpperCase()} tests nothing: ${line}`);
    } else if (line.startsWith("Bail out!")) {
      problems.push(line);
    } else if (failing && line.startsWith("#") && !line.startsWith("# Looks like you")) {
      problems[problems.length - 1] += `\n${line}`;
    }
  }
  if (planned === null) problems.push("There is no plan.");
  else if (planned !== tests) problems.push(`${planned} tests were planned, and ${tests} ran.`);
  else if (tests === 0) problems.push("There are no tests.");
  return { tests, problems };
}
