// Runs a bench that starts every kind of process that benches start, prints their pids, and never ends.
import { logToStderr, logToStdout, messageOf } from "../../stack/terminal.ts";
import { whenAskedToStop } from "../../stack/process/stop_signals.ts";
import { type Bench, runBenches } from "../bench_run.ts";
import { answered, USER_REQUESTS } from "../bench_user.ts";
import { BARE, FUNCTION } from "../measured_process.ts";
import { withStandIn } from "../stand_in_process.ts";

const neverEnding: Bench = {
  name: "never ending",
  run: ({ ending }, stack) =>
    withStandIn({ ending }, async (standIn) => {
      const bare = await standIn.start(BARE);
      const served = await standIn.start(FUNCTION);
      const measured = await stack.startFunction();
      logToStdout(JSON.stringify([standIn, bare, served, measured].map(({ pid }) => pid)));
      // The provider waits for another create, which never comes.
      await standIn.gather(2);
      await answered(`${served.url}/api`, USER_REQUESTS["POST /clone/finalize"](), standIn.headers);
      return [];
    }),
};

try {
  await runBenches([neverEnding], { quick: true, asked: whenAskedToStop(), stackLog: () => {} });
} catch (error) {
  logToStderr(messageOf(error));
  Deno.exit(1);
}
