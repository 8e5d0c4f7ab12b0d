import { parseArgs } from "node:util";
import { readDeno, type WhichDeno } from "../stack/function/deno_option.ts";

/** The command line of `npm run bench`: which Deno, where the figures go as JSON, which benches in which order. */
export type BenchOptions = {
  help: boolean;
  quick: boolean;
  deno: WhichDeno;
  json?: string;
  names: string[];
};

/** What `--help` prints; `names` are those of all benches. */
export const usage = (names: readonly string[]) =>
  `Measures the function on a stack of its own, every figure beside a baseline of the same run.

  npm run bench                        all of it
  npm run bench -- NAME [NAME…]        some: ${names.join(" | ")}

  --deno WHICH  platform (the default) or newest: the Deno that the function runs on
  --json FILE   writes the figures there as well
  --quick       once over, to see that it works: the times mean nothing, and no limit counts
  --help        this text

Exit code: 0 when no figure is over its limit; 1 when one is, or it failed.
`;

/**
 * Reads the command line; without a name, all of `known` run.
 * @throws {Error} with a sentence for the person
 */
export function parseOptions(args: string[], known: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h", default: false },
      quick: { type: "boolean", default: false },
      json: { type: "string" },
      deno: { type: "string", default: "platform" },
    },
  });
  if (values.json === "") throw new Error("--json is empty.");
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(`There is no bench "${unknown}". There are: ${known.join(", ")}.`);
  }
  const names = positionals.length === 0 ? [...known] : positionals;
  return { ...values, deno: readDeno(values.deno), names };
}
