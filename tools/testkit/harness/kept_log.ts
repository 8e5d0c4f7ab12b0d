/**
 * Keeps a line that the function logged in the file named by `TEST_FUNCTION_LOG`; `npm run test:edge` looks there, after
 * the run, for what must never be logged.
 */
export function keepLogLine(line: string): void {
  const file = Deno.env.get("TEST_FUNCTION_LOG");
  if (file) Deno.writeTextFileSync(file, `${line}\n`, { append: true });
}
