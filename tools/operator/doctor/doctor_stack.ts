import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import { openDatabase } from "../../stack/postgres/project_database.ts";
import { type Stack, startStack } from "../../stack/embedded_stack.ts";
import { type Ran, runCommand } from "../../testkit/stack/launched_stack.ts";
import { repository } from "../../stack/repository.ts";

const printed = z.strictObject({
  ok: z.boolean(),
  checks: z.array(z.strictObject({
    name: z.string(),
    status: z.enum(["ok", "warning", "failed"]),
    detail: z.string(),
    fix: z.string().nullable(),
  })),
});

/** What `npm run doctor -- --json` printed, and how it ended. */
export type Examined = z.output<typeof printed> & { code: number };

/** A stack with the function for tests of the doctor. */
export type Patient = Stack & {
  dataDir: string;
  /** Runs the command on this stack, as a person would. */
  command(
    args: string[],
    env?: Record<string, string>,
  ): Promise<Ran>;
  /** What it says with `--json`. */
  examine(args?: string[]): Promise<Examined>;
  /** Runs statements as `postgres`. */
  sql(statements: string): Promise<void>;
  /** Posts to the simulator's control routes, and gives what they answer. */
  control(method: string, path: string, body?: unknown): Promise<unknown>;
};

/** Runs the doctor's command and gives what it printed. */
export const runDoctor = (args: string[], env: Record<string, string> = {}): Promise<Ran> =>
  runCommand("doctor.ts", args, env);

/** Reads what `--json` printed: one object, and nothing else. */
export function readPrinted({ code, out, err }: Ran): Examined {
  assert.equal(err, "");
  const report = { ...printed.parse(JSON.parse(out)), code };
  assert.equal(report.ok, report.checks.every(({ status }) => status !== "failed"));
  assert.equal(code, report.ok ? 0 : 1);
  for (const { status, fix } of report.checks) assert.equal(fix === null, status === "ok");
  return report;
}

/** Runs `use` with a stack of its own, and removes it afterwards. */
export async function withPatient(use: (patient: Patient) => Promise<void>): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "voice-clone-api-doctor-" });
  await Deno.chmod(dataDir, 0o711);
  try {
    const stack = await startStack({
      root: repository,
      dataDir,
      port: 0,
      environment: Deno.env.toObject(),
      entrypoint: join(repository, "supabase", "functions", "api", "index.ts"),
      log: () => {},
    });
    const database = openDatabase(stack.record.database_url);
    const command = async (args: string[], env: Record<string, string> = {}) => {
      const answer = await runDoctor(["--data", dataDir, ...args], env);
      for (const secret of [stack.record.secret_key, "sk-local-simulator", "token="]) {
        assert(!(answer.out + answer.err).includes(secret), "a secret is told");
      }
      return answer;
    };
    try {
      await use({
        ...stack,
        dataDir,
        command,
        examine: async (args = []) => readPrinted(await command([...args, "--json"])),
        sql: async (statements) => void await database.unsafe(statements).simple(),
        async control(method, path, body) {
          const response = await fetch(`${stack.record.simulator_url}/control${path}`, {
            method,
            // A connection that is kept would serve a create of this process, which Deno sends again when it breaks.
            headers: { Connection: "close" },
            body: body === undefined ? undefined : JSON.stringify(body),
          });
          assert(response.ok, await response.clone().text());
          return await response.json();
        },
      });
    } finally {
      await database.end({ timeout: 1 });
      await stack.stop();
    }
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}
