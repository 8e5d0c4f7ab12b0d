import { parseArgs } from "node:util";
import { isLoopbackHost } from "../../supabase/functions/_shared/hosts.ts";
import type { TargetOptions } from "./target.ts";

/** The options of every command that calls internal routes. */
export type OperatorOptions = TargetOptions & { help: boolean; json: boolean };

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

/** Checks those options. Throws a sentence for what cannot be meant, or would send the secret key unencrypted. */
export function readOperatorOptions(
  { help, json, api: url, data: dataDir }: { help: boolean; json: boolean; api?: string; data?: string },
): OperatorOptions {
  if (dataDir === "") throw new Error("--data is empty.");
  if (dataDir !== undefined && url !== undefined) throw new Error("Give --data or --api, not both.");
  const api = readBaseUrl("--api", url);
  if (api?.startsWith("http:") && !isLoopbackHost(new URL(api).hostname)) {
    throw new Error("--api must be https, but on this machine: the secret key would travel unencrypted.");
  }
  return { help, json, api, dataDir };
}

/** The URL without slashes at its end. Throws a sentence when it is no http(s) URL. */
export function readBaseUrl(option: string, url: string | undefined) {
  if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
    throw new Error(`${option} is not an http(s) URL.`);
  }
  return url?.replace(/\/+$/, "");
}

/** Reads the command line of a command that has no other options. Throws a sentence for what is not one of them. */
export function parseOperatorOptions(args: string[]): OperatorOptions {
  return readOperatorOptions(parseArgs({ args, allowPositionals: false, options: operatorOptions }).values);
}
