import { type Stack, type StackOptions, startStack } from "./embedded_stack.ts";

/**
 * Runs `use` with an embedded project that has the migrations, and removes all of it afterwards. Without options it has
 * no function, and its output is dropped.
 */
export async function withTemporaryStack<Result>(
  root: string,
  use: (record: Stack["record"], stack: Stack) => Promise<Result>,
  options: Partial<Pick<StackOptions, "environment" | "entrypoint" | "deno" | "log" | "intercept">> = {},
): Promise<Result> {
  const dataDir = await Deno.makeTempDir({ prefix: "voice-clone-api-" });
  await Deno.chmod(dataDir, 0o711);
  try {
    const stack = await startStack({
      root,
      dataDir,
      port: 0,
      environment: {},
      entrypoint: null,
      log: () => {},
      ...options,
    });
    try {
      return await use(stack.record, stack);
    } finally {
      await stack.stop();
    }
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}
