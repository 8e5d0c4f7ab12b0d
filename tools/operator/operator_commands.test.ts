// `npm run work` and `npm run reconcile`: what they ask, what they print, how they end.
import assert from "node:assert/strict";
import {
  internalReconcile,
  type ReconcileRequest,
} from "../../supabase/functions/_shared/contract/internal_reconcile.ts";
import { internalWork } from "../../supabase/functions/_shared/contract/internal_work.ts";
import { runCommand } from "../testkit/stack/launched_stack.ts";
import { callUntilDone, type Route, startProgress } from "./operator_command.ts";
import { parseOperatorOptions } from "./operator_options.ts";
import { reconcileBatches } from "./reconcile/reconcile_batches.ts";
import { inShort, summarize, workRuns } from "./work_runs.ts";

/** The key of the scripted API. */
const KEY = "sb_secret_of_the_project";

/** An answer: a text as it is, anything else as JSON; `cut` breaks the connection. */
type Scripted = { status?: number; body: unknown; headers?: Record<string, string> };

/** Runs a route against an API that gives these answers one after the other, the last one for ever. */
async function runScripted<Report extends { more: boolean }, Sum>(
  route: Route<Report, Sum>,
  answers: Scripted[],
) {
  const seen: { url: string; method: string; key: string | null; body: unknown; redirect: string }[] = [];
  const slept: number[] = [];
  const failures: string[] = [];
  const target = { api: "https://project.test/functions/v1/api", key: KEY };
  const result = await callUntilDone(target, route, {
    onProgress: (_soFar, failure) => void (failure && failures.push(failure)),
    sleep: (ms) => Promise.resolve(void slept.push(ms)),
    async fetch(input, init) {
      const request = new Request(input, init);
      const { url, method, headers, redirect } = request;
      seen.push({ url, method, key: headers.get("apikey"), body: await request.json(), redirect });
      const { body, ...answer } = answers[seen.length - 1] ?? answers.at(-1) ?? { body: "" };
      if (body === "cut") throw new TypeError("connection reset");
      return typeof body === "string" ? new Response(body, answer) : Response.json(body, answer);
    },
  }).then(
    (sum) => ({ sum, message: "" }),
    (error: Error) => ({ sum: null, message: error.message }),
  );
  assert(!JSON.stringify([result.message, failures]).includes(KEY));
  return { ...result, seen, slept, failures };
}

/** What the internal routes answer when there is nothing to do. */
const nothingWorked = { ...internalWork.answer.example, completed: 0, put_back: 0 };
const nothingFound = { provider_voices: 0, ours: 0, orphans: [], foreign: [] };
const nothingReconciled = { ...internalReconcile.answer.example, ...nothingFound };

const error = (status: number, code: string, detail: string, headers?: Record<string, string>): Scripted => ({
  status,
  headers,
  body: { detail, code, request_id: "r1" },
});

const work = (answers: Scripted[]) => runScripted(workRuns, answers);
const reconcile = (answers: Scripted[], request: ReconcileRequest = { repair: true }) =>
  runScripted(reconcileBatches(request), answers);

/** The two commands, and an answer after which each is done. */
const commands = [
  { name: "work", run: work, nothing: nothingWorked, reports: "runs" },
  { name: "reconcile", run: reconcile, nothing: nothingReconciled, reports: "batches" },
] as const;

const call = (name: string, body: unknown) => ({
  url: `https://project.test/functions/v1/api/internal/${name}`,
  method: "POST",
  key: KEY,
  body,
  redirect: "manual",
});

Deno.test("work sends the key in apikey, follows no redirect, and goes on until there is no more", async () => {
  const { sum, seen, slept } = await work([
    { body: { completed: 4, failed: 1, put_back: 2, over: 1, more: true } },
    { body: { completed: 3, failed: 0, put_back: 1, over: 2, more: false } },
  ]);
  assert.deepEqual(seen, Array(2).fill(call("work", {})));
  assert.deepEqual(sum, { completed: 7, failed: 1, put_back: 3, over: 3, more: false, runs: 2 });
  assert.deepEqual(slept, []);
});

Deno.test("so does reconcile, and adds up what was done to what is left", async () => {
  const orphan = (id: string) => ({ provider_voice_id: id, voice_id: crypto.randomUUID() });
  const [a, b, c] = [orphan("a"), orphan("b"), orphan("c")];
  const first = { provider_voices: 5, orphans: [a, b], completed: 2, released: 1, purged: ["a"] };
  const second = { provider_voices: 4, orphans: [b, c], completed: 1, purged: ["b"] };
  const { sum, seen } = await reconcile([
    { body: { ...nothingReconciled, ...first, purge_failed: ["b"], more: true } },
    { body: { ...nothingReconciled, ...second } },
  ]);
  assert.deepEqual(seen, Array(2).fill(call("reconcile", { repair: true })));
  assert.deepEqual(sum, {
    ...nothingReconciled,
    batches: 2,
    provider_voices: 3,
    orphans: [c],
    completed: 3,
    released: 1,
    purged: ["a", "b"],
  });
});

for (const { name, run, nothing, reports } of commands) {
  Deno.test(`${name} repeats what failed for a reason that passes, three times in a row at most`, async () => {
    const busy = error(503, "provider_throttled", "Busy.", { "retry-after": "5" });
    const died: Scripted = { status: 546, body: "worker limit" };
    const more = { body: { ...nothing, completed: 1, more: true } };
    const cut = { body: "cut" };
    const good = await run([more, busy, died, cut, more, cut, { body: nothing }]);
    assert.deepEqual(good.sum, { ...nothing, completed: 2, [reports]: 3 });
    assert.deepEqual(good.slept, [5_000, 2_000, 2_000, 2_000]);
    assert.deepEqual(good.failures, [
      "503: Busy. (code provider_throttled, request id r1)",
      "546: no reason given.",
      "No answer from https://project.test.",
      "No answer from https://project.test.",
    ]);
    const bad = await run([busy]);
    assert.equal(bad.seen.length, 4);
    assert.equal(bad.message, "503: Busy. (code provider_throttled, request id r1)");
  });

  Deno.test(`${name} ends with a sentence for what does not pass`, async () => {
    const endings: [Scripted, RegExp][] = [
      [error(404, "not_found", "Nothing."), /secret key/],
      [error(502, "provider_misconfigured", "Set up."), /Set up/],
      [{ status: 301, body: "" }, /^301/],
      [{ body: "<html>" }, /no report/],
      [{ body: { ...nothing, more: "yes" } }, /no report/],
    ];
    for (const [answer, sentence] of endings) {
      const { message, seen } = await run([answer]);
      assert.match(message, sentence);
      assert.equal(seen.length, 1);
    }
  });
}

Deno.test("decisions go with the first batch that is answered, and those that failed add up", async () => {
  const [voiceId, otherId] = [crypto.randomUUID(), crypto.randomUUID()];
  const resolve = [{ voice_id: voiceId, provider_voice_id: null }];
  const { sum, seen } = await reconcile([
    error(503, "provider_throttled", "Busy.", { "retry-after": "1" }),
    { body: { ...nothingReconciled, released: 1, resolve_failed: [voiceId], more: true } },
    { body: { ...nothingReconciled, resolve_failed: [otherId] } },
  ], { repair: true, resolve });
  const [decided, later] = [{ repair: true, resolve }, { repair: true }];
  assert.deepEqual(seen.map(({ body }) => body), [decided, decided, later]);
  assert.deepEqual([sum?.released, sum?.resolve_failed], [1, [voiceId, otherId]]);
});

Deno.test("a provider that refuses deletions is given more and more time, up to half a minute", async () => {
  const refused: Scripted = { body: { ...nothingReconciled, purge_failed: ["a"], more: true } };
  const more = { body: { ...nothingReconciled, more: true } };
  const { slept } = await reconcile([...Array<Scripted>(6).fill(refused), more, refused, {
    body: nothingReconciled,
  }]);
  assert.deepEqual(slept, [2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 2_000]);
});

Deno.test("the number of runs and of batches is bounded", async () => {
  const runs = await work([{ body: { ...nothingWorked, more: true } }]);
  const endless = [{ body: { ...nothingReconciled, more: true } }];
  const [repair, report] = [await reconcile(endless), await reconcile(endless, { repair: false })];
  assert.deepEqual([runs, repair, report].map(({ seen }) => seen.length), [100, 100, 3]);
  assert.match(runs.message, /still more to do after 100 runs/);
  assert.match(repair.message, /still more to do after 100 batches/);
});

Deno.test("the summary of work is one line", () => {
  assert.equal(
    summarize({ completed: 7, failed: 1, put_back: 3, over: 2, more: false, runs: 2 }),
    "Tasks: 7 completed, 1 failed, 3 put back for later, 2 over already.",
  );
  assert.equal(summarize({ ...nothingWorked, runs: 1 }), "There was no task to take up.");
  for (const field of ["completed", "failed", "put_back", "over"]) {
    assert.match(summarize({ ...nothingWorked, [field]: 1, runs: 1 }), /^Tasks: .*\b1\b/);
  }
});

Deno.test("every operator's command takes the same options, and work no others", () => {
  const none = { help: false, json: false, api: undefined, dataDir: undefined };
  assert.deepEqual(parseOperatorOptions([]), none);
  const named = parseOperatorOptions(["--api", "https://x/api/", "--json"]);
  assert.deepEqual(named, { ...none, json: true, api: "https://x/api" });
  assert.equal(parseOperatorOptions(["--data", "d"]).dataDir, "d");
  const wrong: [string[], RegExp][] = [
    [["--api", "ftp://x"], /not an http/],
    [["--api", "https://x", "--data", "y"], /not both/],
    [["--data", ""], /empty/],
    [["--repair"], /--repair/],
    [["now"], /now/],
  ];
  for (const [args, message] of wrong) {
    assert.throws(() => parseOperatorOptions(args), { message }, args.join(" "));
  }
});

Deno.test("progress is printed at once for whoever watches, and failures for everyone", () => {
  const lines: string[] = [];
  for (const atOnce of [true, false]) {
    const print = (line: string) => lines.push(line);
    const progress = startProgress({ doing: "Working", inShort }, print, atOnce);
    progress.onProgress({ ...nothingWorked, runs: 1 }, null);
    progress.onProgress(null, "503: Away.");
    progress.stop();
  }
  assert.deepEqual(lines, ["Working…", "503: Away. Trying again.", "503: Away. Trying again."]);
});

/** Runs a command as a person would, against an API that gives this answer. */
async function run(command: string, args: string[], { body, status }: Scripted) {
  const routes: string[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    routes.push(new URL(request.url).pathname);
    return request.headers.get("apikey") === KEY
      ? Response.json(body, { status })
      : new Response(null, { status: 404 });
  });
  const api = `http://127.0.0.1:${server.addr.port}/api`;
  const env = { SUPABASE_SECRET_KEY: KEY };
  return { ...await runCommand(`${command}.ts`, [...args, "--api", api], env), routes };
}

Deno.test("the command prints the result and ends in 0, and in 1 with a sentence when a run failed", async () => {
  const report = { ...nothingWorked, completed: 2, failed: 1 };
  assert.deepEqual(await run("work", [], { body: report }), {
    code: 0,
    out: "Tasks: 2 completed, 1 failed, 0 put back for later, 0 over already.\n",
    err: "",
    routes: ["/api/internal/work"],
  });
  const json = await run("work", ["--json"], { body: report });
  assert.deepEqual([JSON.parse(json.out), json.code], [{ ...report, runs: 1 }, 0]);
  const failed = await run("work", [], error(500, "internal", "Something went wrong."));
  assert.deepEqual(
    [failed.code, failed.out, failed.err],
    [1, "", "500: Something went wrong. (code internal, request id r1)\n"],
  );
});

Deno.test("reconcile, which is run the same way, ends as its report says", async () => {
  const gone = [{ voice_id: crypto.randomUUID(), provider_voice_id: "voice-g" }];
  const report = { ...nothingReconciled, gone };
  const { code, out, routes } = await run("reconcile", ["--json", "--repair"], { body: report });
  assert.deepEqual(
    [code, JSON.parse(out), routes],
    [2, { ...report, batches: 1 }, ["/api/internal/reconcile"]],
  );
});
