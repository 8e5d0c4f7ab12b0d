// A test that never ends, for the test of how a run is stopped. Its name keeps it out of every other run.
import { dirname, join } from "node:path";
import { logToStdout } from "../log.ts";
import { withTemporaryStack } from "../temporary_stack.ts";

const root = dirname(dirname(import.meta.dirname ?? "."));

Deno.test("a stack with a function, and a program, that somebody waits for", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(join(folder, "left"), "");
  await withTemporaryStack(root, async () => {
    const program = new Deno.Command("sleep", { args: ["3600"] }).spawn();
    logToStdout(`Up, with the program ${program.pid}.`);
    await program.status;
  }, { entrypoint: join(root, "supabase", "functions", "api", "index.ts") });
});
