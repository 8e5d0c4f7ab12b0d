import { parseArgs } from "node:util";
import { logToStderr } from "../../stack/terminal.ts";
import {
  type OperatorOptions,
  operatorOptions,
  operatorUsage,
  readOperatorOptions,
} from "../operator_options.ts";

/** What `npm run doctor` is asked to do; `live` is to make a voice, and `yes` to make it without asking first. */
export type DoctorOptions = OperatorOptions & { live: boolean; yes: boolean };

/** What `--help` prints. */
export const usage = `Looks at a deployment before its users do, and says what to do about what is wrong.

  npm run doctor                        the running stack of npm start
  npm run doctor -- --api URL           another deployment
  npm run doctor -- --live              creates a voice (USD 0.01) as well, has it speak, and deletes it

  --live             asks first. The provider's key is read from the environment: DASHSCOPE_API_KEY; region and host are
                     the deployment's unless DASHSCOPE_REGION or DASHSCOPE_BASE_URL is set. A stack with the simulator
                     needs no key
  --yes              with --live: does not ask
${operatorUsage("doctor")}

Exit code: 0, warnings included; 1 when anything failed. docs/operations.md tells what each line means.`;

/** Reads the command line. Throws a sentence for an option that is unknown, empty, or lacks another one. */
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

/** Asks a question and gives the answer; null at the end of input. */
export type Question = (question: string) => Promise<string | null>;

/** Asks at this process's terminal; null where there is none. Standard output is the report's. */
export const atTerminal: Question | null = !Deno.stdin.isTerminal() ? null : async (question) => {
  logToStderr(question);
  // A terminal gives one line a read.
  const line = new Uint8Array(1_024);
  const length = await Deno.stdin.read(line);
  return length === null ? null : new TextDecoder().decode(line.subarray(0, length));
};

/**
 * Asks whether a voice may be made and paid for.
 * @throws {Error} with a sentence, when the answer is no or there is nobody to ask
 */
export async function agreeToPay(ask: Question | null): Promise<void> {
  if (ask === null) {
    throw new Error(
      "--live creates a voice, which costs USD 0.01. Without a terminal to ask at, agree with --yes.",
    );
  }
  const answer = await ask(
    "This creates one voice (USD 0.01) and has it say three words on the account of the provider's key, then deletes " +
      "the voice. Go on? [y/N]",
  );
  if (!/^y(es)?$/i.test(answer?.trim() ?? "")) {
    throw new Error("Nothing was looked at, and nothing was created.");
  }
}
