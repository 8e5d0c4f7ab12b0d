// `npm run test:db`: the tests of the database.
import { dirname, join } from "node:path";
import { redirectConsole } from "./library_output.ts";
import { runTestDb } from "./pgtap/command.ts";
import { whenAskedToStop } from "./signals.ts";

const local = import.meta.dirname ?? ".";
const supabase = join(dirname(local), "supabase");
redirectConsole(() => {});

Deno.exit(
  await runTestDb({
    args: Deno.args,
    folders: {
      migrations: join(supabase, "migrations"),
      tests: join(supabase, "tests", "database"),
      rows: join(local, "pgtap", "rows"),
    },
    stopped: whenAskedToStop(),
  }),
);
