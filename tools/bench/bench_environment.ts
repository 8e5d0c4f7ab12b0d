import { type Environment, functionEnvironment } from "../stack/function/function_environment.ts";

/** More voices and uploads than any bench asks for. */
const LIMITS = {
  CLONE_ATTEMPTS_PER_HOUR: "1000000",
  CLONE_LIMIT_PER_HOUR: "1000000",
  CLONE_LIMIT_PER_DAY: "1000000",
  UPLOAD_URL_LIMIT_PER_HOUR: "1000000",
};

/** What Deno needs of this machine; nothing that would choose another provider. */
export function machineEnvironment(): Environment {
  return Object.fromEntries(
    Object.entries(Deno.env.toObject()).filter(([name]) => /^(PATH|HOME|DENO_.*)$/.test(name)),
  );
}

/** The function's variables in a bench: a project, who plays the provider, and no limit that a bench would reach. */
export function benchEnvironment(
  project: Omit<Parameters<typeof functionEnvironment>[0], "environment">,
): Environment {
  return functionEnvironment({ environment: { ...machineEnvironment(), ...LIMITS }, ...project });
}
