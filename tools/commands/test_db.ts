// `npm run test:db`: the tests of the database.
import { join } from "node:path";
import { redirectConsole } from "../stack/library_output.ts";
import { runTestDb } from "../testkit/pgtap/run_pgtap.ts";
import { repository } from "../stack/repository.ts";
import { whenAskedToStop } from "../stack/process/stop_signals.ts";

const supabase = join(repository, "supabase");
redirectConsole(() => {});

Deno.exit(
  await runTestDb({
    args: Deno.args,
    folders: {
      migrations: join(supabase, "migrations"),
      tests: join(supabase, "tests", "database"),
      rows: join(repository, "tools", "testkit", "pgtap", "rows"),
    },
    stopped: whenAskedToStop(),
  }),
);
