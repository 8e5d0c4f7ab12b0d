import { join } from "node:path";
import type { Environment } from "../stack/function/function_environment.ts";
import { redirectConsole } from "../stack/library_output.ts";
import type { Log } from "../stack/terminal.ts";
import { repository } from "../stack/repository.ts";
import type { Stack } from "../stack/embedded_stack.ts";
import type { Intercept } from "../stack/supabase/gateway.ts";
import { withTemporaryStack } from "../stack/temporary_stack.ts";

/** Runs `use` with a stack of its own, which is gone afterwards. When that fails, what the stack wrote is printed. */
export async function withOwnStack<Result>(
  options: { environment: Environment; printError: Log; intercept?: Intercept },
  use: (stack: Stack) => Promise<Result>,
): Promise<Result> {
  const lines: string[] = [];
  const log: Log = (line) => lines.push(line);
  redirectConsole(log);
  try {
    return await withTemporaryStack(repository, (_record, stack) => use(stack), {
      environment: options.environment,
      entrypoint: join(repository, "supabase", "functions", "api", "index.ts"),
      log,
      intercept: options.intercept,
    });
  } catch (error) {
    for (const line of lines) options.printError(`  ${line}`);
    throw error;
  }
}
