// `npm run reconcile`: its command line, and what it says in the end.
import assert from "node:assert/strict";
import {
  internalReconcile,
  type ReconcileRequest,
} from "../../../supabase/functions/_shared/contract/internal_reconcile.ts";
import type { TargetOptions } from "../target.ts";
import type { Reconciled } from "./reconcile_batches.ts";
import { parseOptions } from "./reconcile_options.ts";
import { commandFor, exitCode, summarize } from "./reconcile_summary.ts";

const voiceId = "3b0f2f7e-62a1-4a52-8c7c-0a4b6e1c9d11";
const otherId = "7a1e55c0-2b14-4c8e-9f0d-5d2c8e1b6a47";
const orphan = (id: string) => ({ provider_voice_id: id, voice_id: voiceId });

Deno.test("the command line says what is asked of the API", () => {
  const resolve = [
    "--resolve",
    `${voiceId.toUpperCase()}=voice-20261128-1=2`,
    "--resolve",
    `${otherId}=none`,
  ];
  const decisions = [
    { voice_id: voiceId, provider_voice_id: "voice-20261128-1=2" },
    { voice_id: otherId, provider_voice_id: null },
  ];
  const purge = (days: number) => ({ repair: true, purge_older_than_days: days });
  const right: [string[], ReconcileRequest][] = [
    [[], { repair: false }],
    [["--repair"], { repair: true }],
    [["--purge"], purge(7)],
    [["--purge", "--older-than", "30d"], purge(30)],
    [["--purge", "--older-than", "12h"], purge(0.5)],
    [["--purge", "--older-than", "36m"], purge(36 / 1440)],
    [["--purge", "--older-than", "0d"], purge(0)],
    [resolve, { repair: true, resolve: decisions }],
  ];
  for (const [args, request] of right) assert.deepEqual(parseOptions(args).request, request);
  const { api } = parseOptions(["--api", "https://a.supabase.co/functions/v1/api/"]);
  assert.equal(api, "https://a.supabase.co/functions/v1/api");

  const many = Array.from({ length: 101 }, (_, n) => ["--resolve", `${crypto.randomUUID()}=${n}`]).flat();
  const wrong: [string[], RegExp][] = [
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
    [many, /100 times at most/],
    [["--delete"], /--delete/],
    [["purge"], /purge/],
  ];
  for (const [args, message] of wrong) assert.throws(() => parseOptions(args), { message }, args.join(" "));
});

const gone = [{ voice_id: voiceId, provider_voice_id: "voice-g" }];
const empty = { batches: 1, provider_voices: 0, ours: 0, orphans: [], foreign: [] };
const reportOf = (fields: Partial<Reconciled>): Reconciled => ({
  ...internalReconcile.answer.example,
  ...empty,
  ...fields,
});
const open = (found: boolean, candidates?: string[] | null) => ({ voice_id: voiceId, found, candidates });

Deno.test("it ends in 0 unless a purge is not finished (1) or a person is needed (2)", () => {
  const ends: [Partial<Reconciled>, report: number, repair: number][] = [
    [{}, 0, 0],
    [{ orphans: [orphan("a")], foreign: ["b"] }, 0, 0],
    [{ unresolved: [open(false)] }, 0, 0],
    [{ unresolved: [open(true)] }, 0, 2],
    [{ unresolved: [open(false, null)] }, 2, 2],
    [{ unresolved: [open(false, [])] }, 2, 2],
    [{ unresolved: [open(false, ["voice-a"])] }, 2, 2],
    [{ gone }, 2, 2],
    [{ resolve_failed: [voiceId] }, 2, 2],
    [{ gone, purge_failed: ["a"] }, 1, 1],
  ];
  for (const [fields, ...codes] of ends) {
    const report = reportOf(fields);
    const seen = [false, true].map((repair) => exitCode(report, { repair }));
    assert.deepEqual(seen, codes, JSON.stringify(fields));
  }
});

/** The lines of a summary. */
const linesOf = (fields: Partial<Reconciled>, repair: boolean, target: TargetOptions = {}) =>
  summarize(reportOf(fields), { repair }, commandFor(target)).split("\n");

Deno.test("the summary says what of users who are gone was erased, or would be", () => {
  const line = (repair: boolean) => linesOf({ details_erased: 1, objects_erased: 12 }, repair)[3] ?? "";
  assert.equal(
    line(true),
    "Of users who are gone, and of texts that are: erased 12 objects and the details of 1 enrollment.",
  );
  assert.match(line(false), /: --repair would erase 12 objects and/);
});

Deno.test("of many of a kind the summary names twenty, and in modal mode it counts no voices", () => {
  const foreign = Array.from({ length: 23 }, (_, index) => `voice-${index}`);
  const lines = linesOf({ foreign }, false);
  assert.equal(lines.filter((line) => line.startsWith("  voice-")).length, 20);
  assert.equal(lines.at(-1), "  and 3 more, which --json names");
  assert.equal(linesOf({ region: "none" }, false)[0], "No provider is asked in modal mode.");
});

Deno.test("the summary counts first, then names what there is", () => {
  const counts = { provider_voices: 4, ours: 2, released: 1, uploads_swept: 2 };
  const named = { orphans: [orphan("voice-a")], foreign: ["voice-f"], gone, unresolved: [open(true)] };
  const [first, second, third, empty, ...rest] = linesOf({ ...counts, ...named }, false);
  assert.deepEqual([first, second, third, empty], [
    "4 provider voices in region intl: 2 ours, 1 orphan, 1 foreign.",
    "1 row whose provider voice is gone, 1 enrollment unresolved.",
    "Nothing was changed. --repair would release 1 claim and remove 2 uploads.",
    "",
  ]);
  for (const name of ["voice-a", "voice-f", "voice-g"]) {
    assert.equal(rest.filter((line) => line.includes(name)).length, 1, name);
  }
  assert.match(rest.join("\n"), /its voice is known: --repair completes it/);
});

Deno.test("of what a person must decide the summary says what is known, and the command for each answer", () => {
  const unresolved = [
    open(false, ["voice-a", "voice-b"]),
    { voice_id: otherId, found: false, candidates: null },
  ];
  assert.deepEqual(linesOf({ unresolved }, true).slice(4), [
    "Undecided (voice ids do not carry the token: no second voice is made until it is known):",
    `  ${voiceId}  2 new voices may be its, or none`,
    `    npm run reconcile -- --resolve ${voiceId}=voice-a`,
    `    npm run reconcile -- --resolve ${voiceId}=voice-b`,
    `    npm run reconcile -- --resolve ${voiceId}=none`,
    `  ${otherId}  no list of before its create is kept; look at the provider's console`,
    `    npm run reconcile -- --resolve ${otherId}=PROVIDER_VOICE_ID`,
    `    npm run reconcile -- --resolve ${otherId}=none`,
  ]);
  const api = "https://a.supabase.co/functions/v1/api";
  assert.match(
    linesOf({ unresolved }, true, { api }).join("\n"),
    /^ +npm run reconcile -- --api https:\/\/a\.supabase\.co\/functions\/v1\/api --resolve /m,
  );
  assert.equal(commandFor({ dataDir: "my data" }), "npm run reconcile -- --data 'my data'");

  const known = { voice_id: otherId, found: true, candidates: [] };
  const none = linesOf({ unresolved: [open(false, []), known], resolve_failed: [otherId] }, true).join("\n");
  assert.match(none, /no new voice is listed: a repair ten minutes later ends it, or you\n.*=none\n/);
  assert.match(none, new RegExp(`Unresolved .*:\n  ${otherId}  its voice is known and could not be saved`));
  assert.match(none, new RegExp(`Not resolved .*:\n  ${otherId}$`));
  // A shell splits nothing of it, whatever a provider calls its voices.
  const odd = linesOf({ unresolved: [open(false, ["voice 'a'; ls"])] }, true).join("\n");
  assert.match(odd, /'[^\n]*voice '\\''a'\\''; ls'/);
});
