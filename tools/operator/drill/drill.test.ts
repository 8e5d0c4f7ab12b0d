// `npm run drill`: it passes, it names a step that fails, and the playbook keeps to it.
import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import { jsonOf } from "../http_client.ts";
import { OPEN_ENROLLMENTS, OPEN_TASKS } from "./books.ts";
import { rehearse } from "./rehearsal.ts";
import type { Intercept } from "../../stack/supabase/gateway.ts";
import { type Ran, runCommand } from "../../testkit/stack/launched_stack.ts";
import { repository } from "../../stack/repository.ts";

const languages = z.object({ provider: z.string() });
const secret = /eyJ|sb_secret|token=/;

/** The steps among printed lines, each as its number and title. */
function stepsIn(lines: string[]): string[] {
  return lines.flatMap((line) => {
    const [, number, title] = /^ *(\d+) {2}(\S.*?) +\d+ ms {2}/.exec(line) ?? [];
    return number === undefined ? [] : [`${number}: ${title}`];
  });
}

let rehearsed: Promise<Ran> | undefined;

/** The command, run once, with an environment that names another provider. */
const run = () =>
  rehearsed ??= runCommand("drill.ts", [], {
    TTS_PROVIDER_MODE: "modal",
    DASHSCOPE_BASE_URL: "http://127.0.0.1:9",
    DASHSCOPE_API_KEY: "sk-not-to-be-used",
  });

Deno.test("the drill goes to modal and back, whatever provider the environment names", async () => {
  const { code, out, err } = await run();
  const lines = out.trimEnd().split("\n");
  assert.deepEqual([code, err], [0, ""]);
  assert.deepEqual(stepsIn(lines), [
    "1: clone and speak with qwen",
    "2: leave a finalize unresolved",
    "3: leave a text waiting",
    "4: write down what is open",
    "5: switch to modal",
    "6: voices and uploads are intact",
    "7: speaking waits",
    "8: clone with modal",
    "9: the scheduled jobs leave it alone",
    "10: switch back to qwen",
    "11: settle the unresolved finalize",
    "12: speak again with the first voice",
    "13: speak the text that waited",
    "14: nothing is lost",
  ]);
  assert.match(lines.at(-1) ?? "", /^Proved: .+ \d+\.\d s in all\.$/);
  assert.doesNotMatch(out, secret);
});

Deno.test("the playbook names steps of the drill, and asks the database what the drill asks", async () => {
  const page = (await Deno.readTextFile(join(repository, "docs/qwen-integration/restoration.md"))).replace(
    /\s+/g,
    " ",
  );
  const steps = stepsIn((await run()).out.split("\n"));
  const named = [...page.matchAll(/_Drill (\d+: [^_]+)\._/g)].map(([, step = ""]) => step);
  assert.deepEqual(named.filter((step) => !steps.includes(step)), []);
  const left = steps.filter((step) => !named.includes(step));
  assert.deepEqual(
    left,
    ["2: leave a finalize unresolved", "3: leave a text waiting"],
    "what no operator does",
  );
  for (const question of [OPEN_ENROLLMENTS, OPEN_TASKS]) assert(page.includes(question), question);
});

/** Changes one byte of every clip that is heard, once the function says that it is in modal mode. */
function spoilClips(): Intercept {
  let mode = "qwen";
  return async (request, next) => {
    const { pathname } = new URL(request.url);
    const asksMode = pathname.endsWith("/api/languages");
    const hears = request.method === "GET" && pathname.startsWith("/storage/v1/object/sign/references/");
    const spoils = mode === "modal" && hears;
    if (!asksMode && !spoils) return null;
    // Deno 2.1 compresses what a client takes compressed.
    const asked = new Request(request);
    asked.headers.set("accept-encoding", "identity");
    const answer = await next(asked);
    const bytes = await answer.bytes();
    if (spoils) bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    else mode = languages.safeParse(jsonOf({ bytes })).data?.provider ?? mode;
    return new Response(bytes, { status: answer.status, headers: answer.headers });
  };
}

Deno.test("a step that fails ends it with a sentence", async () => {
  const [printed, errors]: [string[], string[]] = [[], []];
  const print = (line: string) => printed.push(line);
  const printError = (line: string) => errors.push(line);
  await assert.rejects(rehearse({ print, printError, intercept: spoilClips() }), {
    message:
      "Step 6, voices and uploads are intact, failed. The first voice's clip is not what was uploaded.",
  });
  assert.equal(stepsIn(printed).at(-1), "5: switch to modal");
  assert.doesNotMatch([...printed, ...errors].join("\n"), secret);
});
