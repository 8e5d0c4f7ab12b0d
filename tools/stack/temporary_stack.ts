import { type Stack, type StackOptions, startStack } from "./embedded_stack.ts";
import { repository } from "./repository.ts";

type TemporaryOptions = Partial<Omit<StackOptions, "dataDir">>;

/**
 * Starts an embedded project with the migrations in a folder of its own, which `stop` removes. Without options it has no
 * function, and its output is dropped.
 */
export async function startTemporaryStack(options: TemporaryOptions = {}) {
  const dataDir = await Deno.makeTempDir({ prefix: "voice-clone-api-" });
  const remove = () => Deno.remove(dataDir, { recursive: true });
  // PostgreSQL may run as another user, which has to reach its files in there.
  await Deno.chmod(dataDir, 0o711);
  const defaults = { root: repository, port: 0, environment: {}, entrypoint: null, log: () => {} };
  const stack = await startStack({ ...defaults, ...options, dataDir }).catch(async (error) => {
    await remove();
    throw error;
  });
  return { ...stack, dataDir, stop: () => stack.stop().finally(remove) };
}

/** Runs `use` with a temporary stack of the project at `root`, and removes all of it afterwards. */
export async function withTemporaryStack<Result>(
  root: string,
  use: (record: Stack["record"], stack: Stack) => Promise<Result>,
  options: TemporaryOptions = {},
): Promise<Result> {
  const stack = await startTemporaryStack({ root, ...options });
  try {
    return await use(stack.record, stack);
  } finally {
    await stack.stop();
  }
}
