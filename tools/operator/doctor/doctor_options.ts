import { parseArgs } from "node:util";
import { logToStderr } from "../../stack/terminal.ts";
import { type OperatorOptions, operatorOptions } from "../operator_options.ts";
import { operatorUsage, readOperatorOptions } from "../operator_options.ts";

/** `live` creates a voice, after a question unless `yes`. */
export type DoctorOptions = OperatorOptions & { live: boolean; yes: boolean };

export const usage = `Checks a deployment, and prints how to fix what is wrong.

  npm run doctor                        the running stack of npm start
  npm run doctor -- --api URL           another deployment
  npm run doctor -- --live              also creates a voice (USD 0.01), speaks with it, and deletes it

  --live             asks first. Reads the provider's key from the environment: DASHSCOPE_API_KEY; region and host are
                     the deployment's unless DASHSCOPE_REGION or DASHSCOPE_BASE_URL is set. A stack with the simulator
                     needs no key
  --yes              with --live: does not ask
${operatorUsage("doctor")}

Exit code: 0, warnings included; 1 when anything failed. docs/operations.md explains each line.`;

/** Throws a sentence for an unknown, empty or incomplete option. */
export function parseOptions(args: string[]): DoctorOptions {
  const options = {
    ...operatorOptions,
    live: { type: "boolean", default: false },
    yes: { type: "boolean", default: false },
  } as const;
  const { values } = parseArgs({ args, allowPositionals: false, options });
  const { live, yes } = values;
  if (yes && !live) throw new Error("--yes needs --live.");
  return { ...readOperatorOptions(values), live, yes };
}

/** Resolves to the answer; null at the end of input. */
export type Question = (question: string) => Promise<string | null>;

/** Asks at the terminal, on stderr: stdout is the report's. Null without a terminal. */
export const atTerminal: Question | null = !Deno.stdin.isTerminal() ? null : async (question) => {
  logToStderr(question);
  // A terminal delivers one line per read.
  const line = new Uint8Array(1_024);
  const length = await Deno.stdin.read(line);
  return length === null ? null : new TextDecoder().decode(line.subarray(0, length));
};

/** Asks whether to pay for a voice. Throws a sentence for a no, or without a terminal. */
export async function agreeToPay(ask: Question | null): Promise<void> {
  if (ask === null) {
    throw new Error("--live creates a voice, which costs USD 0.01. Without a terminal, confirm with --yes.");
  }
  const answer = await ask(
    "This creates one voice (USD 0.01) on the account of the provider's key, speaks three words with it, and deletes it. " +
      "Continue? [y/N]",
  );
  if (!/^y(es)?$/i.test(answer?.trim() ?? "")) {
    throw new Error("Nothing was checked, and nothing was created.");
  }
}
