// A test that never ends, for the test of how a run is stopped. Its name keeps it out of every other run.
import { join } from "node:path";
import { logToStdout } from "../../stack/terminal.ts";
import { withTemporaryStack } from "../../stack/temporary_stack.ts";
import { repository } from "../../stack/repository.ts";

Deno.test("a stack with a function, and a program, that somebody waits for", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(join(folder, "left"), "");
  await withTemporaryStack(repository, async () => {
    const program = new Deno.Command("sleep", { args: ["3600"] }).spawn();
    logToStdout(`Up, with the program ${program.pid}.`);
    await program.status;
  }, { entrypoint: join(repository, "supabase", "functions", "api", "index.ts") });
});
