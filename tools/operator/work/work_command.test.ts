// `npm run work`: what it asks, what it prints, how it ends.
import assert from "node:assert/strict";
import { parseOperatorOptions } from "../options.ts";
import { startProgress } from "../progress.ts";
import { workAll } from "./runs.ts";
import { soFarInShort, summarize } from "./summary.ts";
import { repository } from "../../stack/repository.ts";

const KEY = "sb_secret_of_the_project";
const nothing = { completed: 0, failed: 0, put_back: 0, over: 0, more: false };

type Scripted = { status?: number; body: unknown; headers?: Record<string, string> };

/** A command against an API that gives these answers one after the other, the last one for ever. */
async function run(answers: Scripted[]) {
  const seen: { url: string; method: string; key: string | null; body: unknown; redirect: string }[] = [];
  const slept: number[] = [];
  const failures: string[] = [];
  const result = await workAll({
    api: "https://project.test/functions/v1/api",
    key: KEY,
    onProgress: (_soFar, failure) => void (failure && failures.push(failure)),
    sleep: (ms) => Promise.resolve(void slept.push(ms)),
    fetch: async (input, init) => {
      const asked = new Request(input, init);
      const { url, method, headers, redirect } = asked;
      seen.push({ url, method, key: headers.get("apikey"), body: await asked.json(), redirect });
      const { status = 200, body, headers: told } = answers[seen.length - 1] ?? answers.at(-1) ??
        { body: "" };
      if (body === "cut") throw new TypeError("connection reset");
      return typeof body === "string"
        ? new Response(body, { status, headers: told })
        : Response.json(body, { status, headers: told });
    },
  }).then(
    (sum) => ({ sum, message: "" }),
    (error: Error) => ({ sum: null, message: error.message }),
  );
  assert(!JSON.stringify([result.message, failures]).includes(KEY));
  return { ...result, seen, slept, failures };
}

Deno.test("it sends the key in apikey, follows no redirect, and goes on until there is no more", async () => {
  const { sum, seen, slept } = await run([
    { body: { completed: 4, failed: 1, put_back: 2, over: 1, more: true } },
    { body: { completed: 3, failed: 0, put_back: 1, over: 2, more: false } },
  ]);
  assert.deepEqual(
    seen,
    Array(2).fill({
      url: "https://project.test/functions/v1/api/internal/work",
      method: "POST",
      key: KEY,
      body: {},
      redirect: "manual",
    }),
  );
  assert.deepEqual(sum, { completed: 7, failed: 1, put_back: 3, over: 3, more: false, runs: 2 });
  assert.deepEqual(slept, []);
});

Deno.test("a run that fails for a reason that passes is asked for again, three times in a row at most", async () => {
  const away: Scripted = {
    status: 503,
    headers: { "retry-after": "5" },
    body: { detail: "Away.", code: "database_unavailable", request_id: "r1" },
  };
  const good = await run([
    { body: { ...nothing, completed: 2, more: true } },
    away,
    { status: 546, body: "worker limit" },
    { body: "cut" },
    { body: { ...nothing, completed: 1, more: true } },
    { body: "cut" },
    { body: nothing },
  ]);
  assert.deepEqual([good.sum?.completed, good.sum?.runs], [3, 3]);
  assert.deepEqual(good.slept, [5_000, 2_000, 2_000, 2_000]);
  assert.deepEqual(good.failures, [
    "503: Away. (code database_unavailable, request id r1)",
    "546: no reason given.",
    "No answer from https://project.test.",
    "No answer from https://project.test.",
  ]);
  const bad = await run([away]);
  assert.deepEqual([bad.seen.length, bad.message], [
    4,
    "503: Away. (code database_unavailable, request id r1)",
  ]);
});

Deno.test("what does not pass by itself ends it with a sentence", async () => {
  for (
    const [answer, sentence] of [
      [{ status: 404, body: { detail: "Nothing.", code: "not_found", request_id: "r" } }, /secret key/],
      [{ status: 301, body: "" }, /^301/],
      [{ body: "<html>" }, /no report/],
      [{ body: { ...nothing, more: "yes" } }, /no report/],
    ] as const
  ) {
    const { message, seen } = await run([answer]);
    assert.match(message, sentence);
    assert.equal(seen.length, 1);
  }
});

Deno.test("the number of runs is bounded", async () => {
  const { seen, message } = await run([{ body: { ...nothing, more: true } }]);
  assert.equal(seen.length, 100);
  assert.match(message, /still more to do after 100 runs/);
});

Deno.test("the summary is one line", () => {
  assert.equal(
    summarize({ completed: 7, failed: 1, put_back: 3, over: 2, more: false, runs: 2 }),
    "Tasks: 7 completed, 1 failed, 3 put back for later, 2 over already.",
  );
  assert.equal(summarize({ ...nothing, runs: 1 }), "There was no task to take up.");
  for (const field of ["completed", "failed", "put_back", "over"]) {
    assert.match(summarize({ ...nothing, [field]: 1, runs: 1 }), /^Tasks: .*\b1\b/);
  }
});

Deno.test("the options are those of every operator's command, and no others", () => {
  const { help, json, api, dataDir } = parseOperatorOptions(["--api", "https://x/api/", "--json"]);
  assert.deepEqual([help, json, api, dataDir], [false, true, "https://x/api", undefined]);
  assert.equal(parseOperatorOptions(["--data", "d"]).dataDir, "d");
  for (
    const [args, sentence] of [
      [["--api", "ftp://x"], /not an http/],
      [["--api", "https://x", "--data", "y"], /not both/],
      [["--data", ""], /empty/],
      [["--repair"], /--repair/],
      [["now"], /now/],
    ] as const
  ) assert.throws(() => parseOperatorOptions([...args]), { message: sentence }, args.join(" "));
});

Deno.test("progress is told at once to whoever watches, and failures to everyone", () => {
  const lines: string[] = [];
  for (const atOnce of [true, false]) {
    const progress = startProgress({
      doing: "Working",
      tell: soFarInShort,
      print: (line) => lines.push(line),
      atOnce,
    });
    progress.told({ ...nothing, runs: 1 }, null);
    progress.told(null, "503: Away.");
    progress.stop();
  }
  assert.deepEqual(lines, ["Working…", "503: Away. Trying again.", "503: Away. Trying again."]);
});

/** Runs an operator's command as a person would, against an API that gives this answer. */
async function command(script: "work" | "reconcile", args: string[], answer: Scripted) {
  const routes: string[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    routes.push(new URL(request.url).pathname);
    return request.headers.get("apikey") === KEY
      ? Response.json(answer.body, { status: answer.status ?? 200 })
      : new Response(null, { status: 404 });
  });
  const api = `http://127.0.0.1:${server.addr.port}/api`;
  const { code, stdout, stderr } = await new Deno.Command("node", {
    args: ["tools/run-deno.mjs", "run", "-A", `tools/commands/${script}.ts`, ...args, "--api", api],
    cwd: repository,
    env: { SUPABASE_SECRET_KEY: KEY },
    stdin: "null",
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out: out ?? "", err: err ?? "", routes };
}

Deno.test("the command prints what came of it and ends in 0, and in 1 with a sentence when a run failed", async () => {
  const report = { ...nothing, completed: 2, failed: 1 };
  assert.deepEqual(await command("work", [], { body: report }), {
    code: 0,
    out: "Tasks: 2 completed, 1 failed, 0 put back for later, 0 over already.\n",
    err: "",
    routes: ["/api/internal/work"],
  });
  const json = await command("work", ["--json"], { body: report });
  assert.deepEqual([JSON.parse(json.out), json.code], [{ ...report, runs: 1 }, 0]);
  const failed = await command("work", [], {
    status: 500,
    body: { detail: "Something went wrong.", code: "internal", request_id: "r" },
  });
  assert.deepEqual([failed.code, failed.out, failed.err], [
    1,
    "",
    "500: Something went wrong. (code internal, request id r)\n",
  ]);
});

Deno.test("reconcile, which is run the same way, ends as its report says", async () => {
  const report = {
    region: "intl",
    provider_voices: 0,
    ours: 0,
    orphans: [],
    foreign: [],
    gone: [{ voice_id: crypto.randomUUID(), provider_voice_id: "voice-g" }],
    unresolved: [],
    completed: 0,
    released: 0,
    purged: [],
    purge_failed: [],
    resolve_failed: [],
    uploads_swept: 0,
    details_erased: 0,
    objects_erased: 0,
    more: false,
  };
  const { code, out, routes } = await command("reconcile", ["--json", "--repair"], { body: report });
  assert.deepEqual([code, JSON.parse(out), routes], [
    2,
    { ...report, batches: 1 },
    ["/api/internal/reconcile"],
  ]);
});
