import assert from "node:assert/strict";
import { SIMULATOR_KEY } from "../../stack/function/function_environment.ts";
import { assertPrinted, type Check, REMEDIES } from "../../testkit/doctor.ts";
import { launch } from "../../testkit/stack/launched_stack.ts";
import { liveChecks } from "./live_checks.ts";
import { startPatient } from "./patient.ts";

const patient = await startPatient();
Deno.test.afterAll(patient.stop);
const { record, simulator, stored } = patient;
const provider = record.simulator_url ?? "";

const live = () => patient.examine("--live", "--yes");

const assertNothingLeft = async () =>
  assert.deepEqual([(await simulator.voices()).voices, await stored()], [[], []]);

type Rewrite = (action: string, body: string) => string;

/** The live checks in this process, with the provider's answers rewritten. */
async function check(
  rewrite: Rewrite = (_action, body) => body,
  delivery: "signed_url" | "data_url" = "signed_url",
): Promise<Check[]> {
  const rewriting: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (!String(input).startsWith(provider) || init?.method !== "POST") return response;
    const action = /"action":"(\w+)"/.exec(String(init.body))?.[1] ?? "synthesize";
    return new Response(rewrite(action, await response.text()), {
      status: response.status,
      headers: { "content-type": "application/json" },
    });
  };
  return await Array.fromAsync(liveChecks({
    api: record.api_url,
    key: record.secret_key,
    signal: new AbortController().signal,
    remedies: REMEDIES.stack,
    fetch: rewriting,
  }, {
    qwen: {
      apiKey: SIMULATOR_KEY,
      region: "intl",
      baseUrl: provider,
      targetModel: "qwen3-tts-vc-2026-01-22",
      delivery,
      signedUrlTtlSeconds: 60,
      timeoutMs: 10_000,
    },
    supabaseUrl: record.supabase_url,
    publicUrl: record.supabase_url,
    token: "0123456789",
  }));
}

Deno.test("the command creates one voice, confirms all four facts, and deletes it", async () => {
  const { checks } = await live();
  assertPrinted(
    checks.slice(20),
    `ok live create: Region intl took an MP3 under the name reference.wav.
    ok live id: qwen-tts-vc-docto_*-voice-* embeds the name docto_*, in the documented form.
    ok live list: *
    ok live speech: * bytes from 127.0.0.1:*, a host that the code fetches from.
    ok live clean-up: *`,
  );
  assert.match(checks[21]?.detail ?? "", /^qwen-tts-vc-docto_[0-9a-f]{10}-voice-\d{17}-\w+ /);
  assert.match(checks[23]?.detail ?? "", /^\d{4,} bytes /);
  assert.equal((await simulator.voices()).bill.total, 1);
  await assertNothingLeft();
});

Deno.test("it is not tried after a failed check", async () => {
  await simulator.empty();
  await simulator.set({ voice_limit: 2_000 });
  await simulator.fill(995);
  const { code, checks } = await live();
  assertPrinted(checks.slice(-1), "warning live: Not tried, and nothing was paid. -> *");
  assert.deepEqual([code, (await simulator.voices()).bill.total], [1, 0]);
  await simulator.empty();
});

Deno.test("it reports what keeps it from the provider", async () => {
  await patient.reconfigure({ TTS_PROVIDER_MODE: "modal" });
  const { code, checks } = await live();
  await patient.reconfigure({ TTS_PROVIDER_MODE: "" });
  assertPrinted(checks.slice(-1), "failed live: *does not use the provider: its mode is modal. -> *");
  assert.equal(code, 1);
});

Deno.test("it reports a data URL as such, and confirms the same", async () => {
  assertPrinted(
    await check(undefined, "data_url"),
    `ok live create: *took an MP3 as a data URL; a name in .wav was not tried.
    ok live id: *
    ok live list: *
    ok live speech: *
    ok live clean-up: *`,
  );
  await assertNothingLeft();
});

for (
  const [voice_ids, exitCode, id, detail] of [
    [
      "without the token",
      1,
      "failed live id: voice-* does not carry the token of the name docto_*. A lost voice cannot be found *--resolve. -> *",
      /^voice-\d{17}-\w{4} .* docto_\w{10}\. /,
    ],
    [
      "capitals",
      0,
      "warning live id: QWEN3-TTS-VC-DOCTO_* carries our token, and is found by it; it is not of the form qwen-tts-vc-docto_*-voice-TIME-HEX. -> *",
      /docto_\w{10}-voice-TIME-HEX\.$/,
    ],
  ] as const
) {
  Deno.test(`an id ${voice_ids} is not as documented; the voice is deleted`, async () => {
    await simulator.set({ voice_ids });
    const { code, checks } = await live();
    await simulator.dropHeld();
    await assertNothingLeft();
    assertPrinted(
      checks.slice(20),
      `ok live create: *
      ${id}
      ok live list: *
      ok live speech: *
      ok live clean-up: *`,
    );
    assert.match(checks[21]?.detail ?? "", detail);
    assert.equal(code, exitCode);
    // The doctor's voice is in no ledger, and does not change what finalize does.
    assert.equal((await patient.sql`select from private.ids_without_token`).length, 0);
  });
}

const only = (action: string, from: RegExp, to: string): Rewrite => (asked, body) =>
  asked === action ? body.replaceAll(from, to) : body;
const WRONG: Record<string, [rewrite: Rewrite, name: string, printed: string]> = {
  "a list that lags": [
    only("list", /docto_0123456789/g, "docto_xxxxxxxxxx"),
    "live list",
    "failed live list: It does not show a voice that was just created* -> *",
  ],
  "speech at a host that nothing is fetched from": [
    only("synthesize", /http:\/\/127\.0\.0\.1:\d+\//g, "https://results.example.com/"),
    "live speech",
    "failed live speech: Speech at results.example.com was not fetched (unreadable_answer). -> *",
  ],
};
for (const [what, [rewrite, checked, printed]] of Object.entries(WRONG)) {
  Deno.test(`the live checks report ${what}`, async () => {
    assertPrinted((await check(rewrite)).filter(({ name }) => name === checked), printed);
    assert.deepEqual(await stored(), []);
    await simulator.empty();
  });
}

Deno.test("it reports a refused clip, and tries nothing more", async () => {
  await simulator.addFaults({ action: "create", answer: { kind: "error", code: "Audio.DecoderError" } });
  assertPrinted(
    await check(),
    "failed live create: No voice was created from an MP3 * (rejected 400 Audio.DecoderError). -> *",
  );
  await assertNothingLeft();
});

Deno.test("a voice whose answer was lost is found and deleted", async () => {
  await simulator.addFaults({ action: "create", answer: { kind: "cut", when: "after" } });
  assertPrinted(await check(), "failed live create: *\nok live clean-up: *");
  await assertNothingLeft();
  await simulator.addFaults({ action: "create", answer: { kind: "cut", when: "before" } });
  assertPrinted(
    await check(),
    `failed live create: *
    warning live clean-up: * -> Look for _0123456789 in the provider's console later.`,
  );
});

Deno.test("it reports a voice that cannot be deleted", async () => {
  await simulator.addFaults({ action: "delete", answer: { kind: "error", code: "InternalError" } });
  assertPrinted(
    (await check()).slice(-1),
    "failed live clean-up: * -> Delete qwen-tts-vc-docto_0123456789-voice-* in the provider's console.",
  );
  await simulator.empty();
});

Deno.test("Ctrl-C while the voice is made waits for it, and deletes voice and clip", async () => {
  await simulator.addFaults({ action: "create", hold: "before" });
  const doctor = launch("doctor.ts", ["--data", patient.dataDir, "--live", "--yes"]);
  await simulator.untilHeld(1);
  assert.equal((await stored()).length, 1);
  Deno.kill(doctor.pid, "SIGINT");
  const stopping = "Stopping once the test objects are removed…";
  assert(await doctor.says(stopping));
  await simulator.releaseAll();
  const { code } = await doctor.status;
  assert.deepEqual([code, doctor.errors()], [1, [stopping, "Stopped: SIGINT."]]);
  assert.match(doctor.output(), /^ok {7}live create: /m);
  assert.match(doctor.output(), /^ok {7}live clean-up: qwen-tts-vc-docto_\S+ is deleted\.$/m);
  assert.equal((await simulator.voices()).bill.total, 1);
  await assertNothingLeft();
});
