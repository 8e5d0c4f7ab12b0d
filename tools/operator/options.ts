import { parseArgs } from "node:util";
import { isLoopbackHost } from "../../supabase/functions/_shared/hosts.ts";

/** What every command of an operator may be asked. */
export type OperatorOptions = {
  help: boolean;
  json: boolean;
  /** Base URL of the API, without a slash at its end; the running stack's when not given. */
  api?: string;
  /** The data folder of the stack to look for; the repository's `.local` when not given. */
  dataDir?: string;
};

/** Those options, as `parseArgs` takes them. */
export const operatorOptions = {
  help: { type: "boolean", short: "h", default: false },
  json: { type: "boolean", default: false },
  api: { type: "string" },
  data: { type: "string" },
} as const;

/** Those options, as `--help` prints them. */
export const operatorUsage = (command: string) =>
  `  --json             one JSON object on standard output (use npm run -s ${command} -- --json)
  --data DIR         the data folder of the running stack (.local)
  --api URL          another deployment, such as https://abcdefgh.supabase.co/functions/v1/api; its secret key is
                     read from the environment: SUPABASE_SECRET_KEY
  --help             this text`;

/**
 * Checks those options. Throws a sentence for one that is empty, one too many, no URL, or a URL to which the secret key
 * would travel unencrypted.
 */
export function readOperatorOptions(
  values: { help: boolean; json: boolean; api?: string; data?: string },
): OperatorOptions {
  const { help, json, api, data: dataDir } = values;
  if (dataDir === "") throw new Error("--data is empty.");
  if (dataDir !== undefined && api !== undefined) throw new Error("Give --data or --api, not both.");
  if (api !== undefined) {
    const { protocol, hostname } = URL.parse(api) ?? { protocol: "", hostname: "" };
    if (!/^https?:$/.test(protocol)) throw new Error("--api is not an http(s) URL.");
    if (protocol === "http:" && !isLoopbackHost(hostname)) {
      throw new Error("--api must be https, but on this machine: the secret key would travel unencrypted.");
    }
  }
  return { help, json, api: api?.replace(/\/+$/, ""), dataDir };
}

/** Reads the command line of a command that has no other options. Throws a sentence for what is not one of them. */
export function parseOperatorOptions(args: string[]): OperatorOptions {
  return readOperatorOptions(parseArgs({ args, allowPositionals: false, options: operatorOptions }).values);
}
