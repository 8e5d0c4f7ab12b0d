import { readVariables } from "../../../supabase/functions/_shared/config_schema.ts";
import { isLoopbackHost } from "../../../supabase/functions/_shared/hosts.ts";
import { parseEnv } from "node:util";
import { readIfThere } from "../process/private_file.ts";

/** Every variable of the function; the platform sets those of Supabase, with the embedded stack the stack does. */
const allVariables = readVariables({}).map(({ name }) => name);
const operatorVariables = allVariables.filter((name) => !name.startsWith("SUPABASE_"));

/** Variables by name; one that is set to nothing has an empty value. */
export type Environment = Record<string, string>;

/** The environment of this process over the `.env` file at `envFile`, when there is one. */
export async function readEnvironment(envFile: string): Promise<Environment> {
  const fromFile = Object.entries(parseEnv(await readIfThere(envFile) ?? ""));
  const defined = fromFile.flatMap(([name, value]) => value === undefined ? [] : [[name, value] as const]);
  return { ...Object.fromEntries(defined), ...Deno.env.toObject() };
}

/** The variables that Deno itself needs, and no other of an environment: none chooses a provider. */
export function machineEnvironment(environment: Environment = Deno.env.toObject()): Environment {
  const kept = Object.entries(environment).filter(([name]) =>
    name === "PATH" || name === "HOME" || (name.startsWith("DENO_") && name !== "DENO_SERVE_ADDRESS")
  );
  return { ...Object.fromEntries(kept), DENO_NO_UPDATE_CHECK: "1" };
}

// A variable set to nothing counts as absent: `DASHSCOPE_API_KEY= npm start` shows what the function says without a key.
function pick(environment: Environment, names: readonly string[]): Environment {
  return Object.fromEntries(
    names.flatMap((name) => environment[name] ? [[name, environment[name]]] : []),
  );
}

/** The one key that the built-in simulator takes. */
export const SIMULATOR_KEY = "sk-local-simulator";

/**
 * Decides who plays the provider: the real one when `DASHSCOPE_API_KEY` is set, a stand-in when `DASHSCOPE_BASE_URL` is on
 * loopback, nobody when either is set to nothing or the base URL is elsewhere, else the built-in simulator.
 */
export function chooseProvider({ DASHSCOPE_API_KEY: key, DASHSCOPE_BASE_URL: baseUrl }: Environment) {
  return {
    /** Whether the built-in simulator is wanted. */
    simulate: key === undefined && baseUrl === undefined,
    /** Where the caller's stand-in on this machine is. */
    standIn: baseUrl && isLoopbackHost(URL.parse(baseUrl)?.hostname ?? "") ? baseUrl : null,
  };
}

/** The environment of the function beside an embedded stack. `simulator` is there when the built-in one runs. */
export function functionEnvironment(
  { environment, supabaseUrl, publishableKey, secretKey, simulator }: {
    environment: Environment;
    supabaseUrl: string;
    publishableKey: string;
    secretKey: string;
    simulator: { url: string; apiKey: string } | null;
  },
): Environment {
  const { standIn } = chooseProvider(environment);
  const provider: Environment = simulator
    ? { DASHSCOPE_BASE_URL: simulator.url, DASHSCOPE_API_KEY: simulator.apiKey }
    : standIn && environment["DASHSCOPE_API_KEY"] === undefined
    ? { DASHSCOPE_API_KEY: "sk-local-stand-in" }
    : {};
  return {
    ...machineEnvironment(environment),
    ...provider,
    ...pick(environment, operatorVariables),
    SUPABASE_URL: supabaseUrl,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: publishableKey }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: secretKey }),
  };
}

/** The environment of the function alone, beside the project that the caller's environment names. */
export function standaloneEnvironment(environment: Environment): Environment {
  return { ...machineEnvironment(environment), ...pick(environment, allVariables) };
}
