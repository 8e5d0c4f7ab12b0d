import { parseArgs } from "node:util";
import {
  type OperatorOptions,
  operatorOptions,
  operatorUsage,
  readOperatorOptions,
} from "../operator_options.ts";

/** What `npm run doctor` is asked to do. */
export type DoctorOptions = OperatorOptions & {
  /** Whether to make a voice at the provider, and delete it again. */
  live: boolean;
  /** Whether that was agreed to on the command line. */
  yes: boolean;
};

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
  const { values } = parseArgs({
    args,
    allowPositionals: false,
    options: {
      ...operatorOptions,
      live: { type: "boolean", default: false },
      yes: { type: "boolean", default: false },
    },
  });
  const { live, yes } = values;
  if (yes && !live) throw new Error("--yes needs --live.");
  return { ...readOperatorOptions(values), live, yes };
}
