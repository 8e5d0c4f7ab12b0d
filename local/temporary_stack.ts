import { type Stack, startStack } from "./stack.ts";

/** Runs `use` with an embedded project that has the migrations and no function, and removes all of it afterwards. */
export async function withTemporaryStack<Result>(
  root: string,
  use: (record: Stack["record"]) => Promise<Result>,
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
    });
    try {
      return await use(stack.record);
    } finally {
      await stack.stop();
    }
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}
