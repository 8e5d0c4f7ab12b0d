// `npm run reconcile`: its command line, what it does with decisions and refusals, and what it says in the end.
import assert from "node:assert/strict";
import type { ReconcileRequest } from "../../../supabase/functions/_shared/contract/internal_reconcile.ts";
import { nothingReconciled as nothing, runScripted, type Scripted } from "../scripted_api.ts";
import { reconcileBatches } from "./reconcile_batches.ts";
import { parseOptions } from "./reconcile_options.ts";
import { commandFor, exitCode, summarize } from "./reconcile_summary.ts";

const voiceId = "3b0f2f7e-62a1-4a52-8c7c-0a4b6e1c9d11";
const otherId = "7a1e55c0-2b14-4c8e-9f0d-5d2c8e1b6a47";
const orphan = (id: string) => ({ provider_voice_id: id, voice_id: voiceId });

Deno.test("the command line says what is asked of the API", () => {
  const requestOf = (...args: string[]) => parseOptions(args).request;
  assert.deepEqual(requestOf(), { repair: false });
  assert.deepEqual(requestOf("--repair"), { repair: true });
  assert.deepEqual(requestOf("--purge"), { repair: true, purge_older_than_days: 7 });
  assert.deepEqual(requestOf("--purge", "--older-than", "30d").purge_older_than_days, 30);
  assert.deepEqual(requestOf("--purge", "--older-than", "12h").purge_older_than_days, 0.5);
  assert.deepEqual(requestOf("--purge", "--older-than", "36m").purge_older_than_days, 36 / 1440);
  assert.deepEqual(requestOf("--purge", "--older-than", "0d").purge_older_than_days, 0);
  assert.equal(
    parseOptions(["--api", "https://a.supabase.co/functions/v1/api/"]).api?.endsWith("/api"),
    true,
  );
  for (
    const [args, sentence] of [
      [["--older-than", "7d"], /--older-than needs --purge/],
      [["--purge", "--older-than", "7"], /such as 7d/],
      [["--purge", "--older-than", "-7d"], /./],
      [["--purge", "--older-than", "3651d"], /such as 7d/],
      [["--purge", "--older-than", ""], /such as 7d/],
      [["--resolve", voiceId], /--resolve must be VOICE_ID=/],
      [["--resolve", `${voiceId}=`], /--resolve must be VOICE_ID=/],
      [["--resolve", `${voiceId}=a b`], /--resolve must be VOICE_ID=/],
      [["--resolve", "=none"], /--resolve must be VOICE_ID=/],
      [["--resolve", "voice=none"], /--resolve must be VOICE_ID=/],
      [["--resolve", `${voiceId}=none`, "--resolve", `${voiceId.toUpperCase()}=v`], /names 3b0f.* twice/],
      [["--resolve", `${voiceId}=v`, "--resolve", `${otherId}=v`], /names v twice/],
      [
        Array.from({ length: 101 }, (_, n) => ["--resolve", `${crypto.randomUUID()}=${n}`]).flat(),
        /100 times at most/,
      ],
      [["--delete"], /--delete/],
      [["purge"], /purge/],
    ] as const
  ) assert.throws(() => parseOptions([...args]), { message: sentence }, args.join(" "));
});

Deno.test("decisions are read off the command line, and repair as well", () => {
  const { request } = parseOptions([
    "--resolve",
    `${voiceId.toUpperCase()}=voice-20261128-1=2`,
    "--resolve",
    `${otherId}=none`,
  ]);
  assert.deepEqual(request, {
    repair: true,
    resolve: [
      { voice_id: voiceId, provider_voice_id: "voice-20261128-1=2" },
      { voice_id: otherId, provider_voice_id: null },
    ],
  });
});

const run = (answers: Scripted[], request: ReconcileRequest = { repair: true }) =>
  runScripted(reconcileBatches(request), answers);

Deno.test("decisions go with the first batch that is answered, and those that failed add up", async () => {
  const resolve = [{ voice_id: voiceId, provider_voice_id: null }];
  const { sum, seen } = await run([
    {
      status: 503,
      headers: { "retry-after": "1" },
      body: { detail: "Busy.", code: "provider_throttled", request_id: "r1" },
    },
    { body: { ...nothing, released: 1, resolve_failed: [voiceId], more: true } },
    { body: { ...nothing, resolve_failed: [otherId] } },
  ], { repair: true, resolve });
  assert.deepEqual(seen.map(({ body }) => body), [
    { repair: true, resolve },
    { repair: true, resolve },
    { repair: true },
  ]);
  assert.deepEqual([sum?.released, sum?.resolve_failed], [1, [voiceId, otherId]]);
});

Deno.test("a provider that refuses deletions is given more and more time, up to half a minute", async () => {
  const refused: Scripted = { body: { ...nothing, purge_failed: ["a"], more: true } };
  const { slept } = await run([
    ...Array<Scripted>(6).fill(refused),
    { body: { ...nothing, more: true } },
    refused,
    { body: nothing },
  ]);
  assert.deepEqual(slept, [2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 2_000]);
});

Deno.test("it ends in 0 unless a purge is not finished (1) or a person is needed (2)", () => {
  const ends = (fields: Partial<Parameters<typeof exitCode>[0]>, repair = true) =>
    exitCode({ ...nothing, batches: 1, ...fields }, { repair });
  const gone = [{ voice_id: voiceId, provider_voice_id: "x" }];
  assert.equal(ends({}), 0);
  assert.equal(ends({ orphans: [orphan("a")], foreign: ["b"] }), 0);
  assert.equal(ends({ unresolved: [{ voice_id: voiceId, found: false }] }), 0);
  assert.equal(ends({ unresolved: [{ voice_id: voiceId, found: true }] }, false), 0);
  assert.equal(ends({ unresolved: [{ voice_id: voiceId, found: true }] }), 2);
  assert.equal(ends({ gone }), 2);
  for (const candidates of [null, [], ["voice-a"]]) {
    assert.equal(ends({ unresolved: [{ voice_id: voiceId, found: false, candidates }] }, false), 2);
  }
  assert.equal(ends({ resolve_failed: [voiceId] }), 2);
  assert.equal(ends({ gone, purge_failed: ["a"] }), 1);
});

Deno.test("the summary says what of users who are gone was erased, or would be", () => {
  const report = { ...nothing, batches: 1, details_erased: 1, objects_erased: 12 };
  const line = (repair: boolean) =>
    summarize(report, { repair }).split("\n").find((text) => text.includes("gone, and"));
  assert.equal(
    line(true),
    "Of users who are gone, and of texts that are: erased 12 objects and the details of 1 enrollment.",
  );
  assert.match(line(false) ?? "", /: --repair would erase 12 objects and/);
});

Deno.test("of many of a kind the summary names twenty, and in modal mode it counts no voices", () => {
  const foreign = Array.from({ length: 23 }, (_, index) => `voice-${index}`);
  const lines = summarize({ ...nothing, batches: 1, foreign }, { repair: false }).split("\n");
  assert.equal(lines.filter((line) => line.startsWith("  voice-")).length, 20);
  assert.equal(lines.at(-1), "  and 3 more, which --json names");
  const modal = summarize({ ...nothing, batches: 1, region: "none" }, { repair: false });
  assert.equal(modal.split("\n")[0], "No provider is asked in modal mode.");
});

Deno.test("the summary counts first, then names what there is", () => {
  const text = summarize({
    ...nothing,
    batches: 1,
    provider_voices: 4,
    ours: 2,
    orphans: [orphan("voice-a")],
    foreign: ["voice-f"],
    gone: [{ voice_id: voiceId, provider_voice_id: "voice-g" }],
    unresolved: [{ voice_id: voiceId, found: true }],
    released: 1,
    uploads_swept: 2,
  }, { repair: false });
  const [first, second, third, empty, ...rest] = text.split("\n");
  assert.deepEqual([first, second, third, empty], [
    "4 provider voices in region intl: 2 ours, 1 orphan, 1 foreign.",
    "1 row whose provider voice is gone, 1 enrollment unresolved.",
    "Nothing was changed. --repair would release 1 claim and remove 2 uploads.",
    "",
  ]);
  for (const name of ["voice-a", "voice-f", "voice-g"]) {
    assert.equal(rest.filter((line) => line.includes(name)).length, 1, name);
  }
  assert.match(text, /its voice is known: --repair completes it/);
});

Deno.test("of what a person must decide the summary says what is known, and the command for each answer", () => {
  const unresolved = [
    { voice_id: voiceId, found: false, candidates: ["voice-a", "voice-b"] },
    { voice_id: otherId, found: false, candidates: null },
  ];
  const text = summarize({ ...nothing, batches: 1, unresolved }, { repair: true });
  const [, block] = text.split("\n\n");
  assert.deepEqual(block?.split("\n"), [
    "Undecided (voice ids do not carry the token: no second voice is made until it is known):",
    `  ${voiceId}  2 new voices may be its, or none`,
    `    npm run reconcile -- --resolve ${voiceId}=voice-a`,
    `    npm run reconcile -- --resolve ${voiceId}=voice-b`,
    `    npm run reconcile -- --resolve ${voiceId}=none`,
    `  ${otherId}  no list of before its create is kept; look at the provider's console`,
    `    npm run reconcile -- --resolve ${otherId}=PROVIDER_VOICE_ID`,
    `    npm run reconcile -- --resolve ${otherId}=none`,
  ]);
  const hosted = { api: "https://a.supabase.co/functions/v1/api" };
  assert.match(
    summarize({ ...nothing, batches: 1, unresolved }, { repair: true }, commandFor(hosted)),
    /^ +npm run reconcile -- --api https:\/\/a\.supabase\.co\/functions\/v1\/api --resolve /m,
  );
  assert.equal(
    commandFor({ ...hosted, api: undefined, dataDir: "my data" }),
    "npm run reconcile -- --data 'my data'",
  );
  const none = summarize({
    ...nothing,
    batches: 1,
    unresolved: [{ voice_id: voiceId, found: false, candidates: [] }, {
      voice_id: otherId,
      found: true,
      candidates: [],
    }],
    resolve_failed: [otherId],
  }, { repair: true });
  assert.match(none, /no new voice is listed: a repair ten minutes later ends it, or you\n.*=none\n/);
  assert.match(none, new RegExp(`Unresolved .*:\n  ${otherId}  its voice is known and could not be saved`));
  assert.match(none, new RegExp(`Not resolved .*:\n  ${otherId}$`));
  // A shell splits nothing of it, whatever a provider calls its voices.
  const odd = [{ voice_id: voiceId, found: false, candidates: ["voice 'a'; ls"] }];
  assert.match(
    summarize({ ...nothing, batches: 1, unresolved: odd }, { repair: true }),
    /'[^\n]*voice '\\''a'\\''; ls'/,
  );
});
