import { basename } from "node:path";
import { parseArgs } from "node:util";

/** What `npm run test:db` is asked to do. */
export type TestDbOptions = {
  help: boolean;
  /** Of the files to run, as `01_tables.test.sql`; none means all. */
  names: string[];
};

/** What `--help` prints. */
export const usage = `Runs the tests of the database: pgTAP, on a PostgreSQL of their own.

  npm run test:db                   all of supabase/tests/database, on a new project and on one that had the older
                                    flow, whose migrations are applied one by one over rows
  npm run test:db -- FILE [FILE…]   some, on a new project

Exit code: 0 when every test passes and as many ran as were planned; 1 when not.`;

/** Reads the command line; `known` are the names of the files there are. Throws a sentence for what it does not know. */
export function parseOptions(args: string[], known: readonly string[]): TestDbOptions {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { help: { type: "boolean", short: "h", default: false } },
  });
  const names = positionals.map((path) => basename(path));
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(`There is no file ${unknown}. There are: ${known.join(", ")}.`);
  }
  return { help: values.help, names };
}
