import assert from "node:assert/strict";
import { z } from "zod";
import { type Ran, runCommand } from "../../testkit/stack/launched_stack.ts";
import { startInProcessStack } from "../../testkit/stack/in_process_stack.ts";
import { createSimulatorControl } from "../../testkit/stack/simulator_control.ts";
import { checkSchema } from "./check_result.ts";

const printed = z.strictObject({ ok: z.boolean(), checks: z.array(checkSchema) });

export const runDoctor = (args: string[], env: Record<string, string> = {}): Promise<Ran> =>
  runCommand("doctor.ts", args, env);

/** The one object that `--json` printed. */
export function readPrinted({ code, out, err }: Ran) {
  assert.equal(err, "");
  const report = { ...printed.parse(JSON.parse(out)), code };
  assert.equal(report.ok, report.checks.every(({ status }) => status !== "failed"));
  assert.equal(code, report.ok ? 0 : 1);
  for (const { status, fix } of report.checks) assert.equal(fix === null, status === "ok");
  return report;
}

export async function startPatient() {
  const stack = await startInProcessStack();
  const { record, sql, dataDir } = stack;
  assert(record.simulator_url);
  const command = async (...args: string[]) => {
    const ran = await runDoctor(["--data", dataDir, ...args]);
    for (const secret of [record.secret_key, "sk-local-simulator", "token="]) {
      assert(!(ran.out + ran.err).includes(secret), "a secret is printed");
    }
    return ran;
  };
  return {
    ...stack,
    simulator: createSimulatorControl(record.simulator_url),
    command,
    examine: async (...args: string[]) => readPrinted(await command(...args, "--json")),
    run: async (statements: string) => void await sql.unsafe(statements).simple(),
    stored: async () => (await sql`select name from storage.objects`).map(({ name }) => String(name)),
  };
}
