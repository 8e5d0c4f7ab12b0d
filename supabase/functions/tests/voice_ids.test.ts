// A lost voice is found whatever its id looks like; and what happens where ids do not carry the token.
import assert from "node:assert/strict";
import { enrollmentToken } from "../_shared/tts/token.ts";
import { assertError } from "../../../tools/testkit/harness/api.ts";
import {
  connectionLost,
  type ProviderAnswer,
  qwen,
  voiceCreated,
  voiceList,
} from "../../../tools/testkit/harness/dashscope.ts";
import {
  asked,
  assertSucceeds,
  enrollmentOf,
  LOOK_UPS,
  ourVoice,
  readyToFinalize,
  voiceRowOf,
} from "../../../tools/testkit/harness/finalizing.ts";
import { sql } from "../../../tools/testkit/harness/project.ts";
import { DETAILS } from "../../../tools/testkit/harness/reference.ts";
import { gmtCreateOf, TRACEABLE_SHAPES, voiceIdOf } from "../../../tools/testkit/simulator.ts";

const MADE_AT = Date.UTC(2026, 10, 28, 10, 11, 12);

for (const shape of TRACEABLE_SHAPES) {
  Deno.test(`a create whose answer was lost is found by an id of the shape "${shape}"`, async () => {
    await using ready = await readyToFinalize();
    const name = `grace_${await enrollmentToken(ready.userId, ready.voiceId)}`;
    const voice = voiceIdOf(shape, name, { at: MADE_AT, suffix: "1a2b" });
    const others = { voice: voiceIdOf(shape, "grace_0123456789", { at: MADE_AT, suffix: "1a2c" }) };
    await assertSucceeds(ready, [["create", connectionLost()], ["list", voiceList(others, { voice })]]);
    assert.equal((await voiceRowOf(ready.voiceId))?.provider_voice_id, voice);
  });
}

/** The ages of voices whose list tells these times, through the provider as the function has it. */
async function agesOf(times: unknown[]): Promise<(string | null)[]> {
  const voice_list = times.map((gmt_create, index) => ({ voice: `voice-${index}`, gmt_create }));
  const provider = qwen({ fetch: () => Promise.resolve(Response.json({ output: { voice_list } })) });
  const listed = await provider.listVoices(new AbortController().signal);
  return times.map((_, index) =>
    listed.find(({ voice }) => voice.providerVoiceId === `voice-${index}`)?.createdAt?.toISOString() ?? null
  );
}

Deno.test("the age of a voice is told with and without zone, in seconds and milliseconds, or unknown", async () => {
  const second = "2026-11-28T10:11:12.000Z";
  const times = [
    ["2026-11-28 10:11:12", second],
    ["2026-11-28T10:11:12Z", second],
    ["2026-11-28 10:11:12.345", "2026-11-28T10:11:12.345Z"],
    ["2026-11-28T18:11:12+08:00", second],
    ["2026-11-28 18:11:12 +0800", second],
    ["2026-11-28 10:11:12 UTC", second],
    ["2026-11-28 10:11", "2026-11-28T10:11:00.000Z"],
    [MADE_AT / 1000, second],
    [MADE_AT, second],
    [String(MADE_AT / 1000), second],
    [String(MADE_AT), second],
    ["yesterday", null],
    ["", null],
    [null, null],
    [undefined, null],
    [{ year: 2026 }, null],
    ["2026-13-45 99:99:99", null],
  ] as const;
  assert.deepEqual(await agesOf(times.map(([told]) => told)), times.map(([, read]) => read));
  const shaped = TRACEABLE_SHAPES.map((shape) => gmtCreateOf(shape, MADE_AT));
  assert.deepEqual(await agesOf(shaped), shaped.map(() => second));
});

/** Runs a test where it may be noticed that ids do not carry the token, which concerns the whole project. */
function testWithoutToken(name: string, use: () => Promise<void>): void {
  const forget = () => sql`truncate private.ids_without_token, private.voice_lists, private.listed_voices`;
  Deno.test(name, async () => {
    await forget();
    try {
      await use();
    } finally {
      await forget();
    }
  });
}

const noticed = async () => [...await sql`select region, provider_voice_id from private.ids_without_token`];
const UNDECIDED =
  "It is not known yet whether your voice was created. This is being looked into. Repeat the request later: no second voice is made.";
const unnamed: ProviderAnswer = voiceCreated({ voice: "voice-20261128-1001" });

testWithoutToken("an id without the token is logged once a process and kept, its voice saved", async () => {
  await using ready = await readyToFinalize();
  await assertSucceeds(ready, [["create", unnamed]]);
  const provider_voice_id = "voice-20261128-1001";
  const [event, ...more] = ready.api.events("clone.id_without_token");
  const { level, voice_id, provider_region } = event ?? {};
  const logged = [level, voice_id, event?.provider_voice_id, provider_region, more];
  assert.deepEqual(logged, ["error", ready.voiceId, provider_voice_id, "intl", []]);
  assert.deepEqual(await noticed(), [{ region: "intl", provider_voice_id }]);
  assert.equal((await voiceRowOf(ready.voiceId))?.provider_voice_id, provider_voice_id);
});

testWithoutToken("an id with the token is nothing to tell", async () => {
  await using ready = await readyToFinalize();
  const voice = (await ourVoice(ready)).toUpperCase();
  await assertSucceeds(ready, [["create", voiceCreated({ voice })]]);
  assert.deepEqual(ready.api.events("clone.id_without_token"), []);
  assert.deepEqual(await noticed(), []);
});

/** An API whose provider gives ids without the token, which is known. */
async function startUntraceable() {
  await sql`insert into private.ids_without_token (region, provider_voice_id) values ('intl', 'voice-1')`;
  return await readyToFinalize();
}

testWithoutToken("then nothing is created over an unknown outcome: 504, then 409 until decided", async () => {
  await using ready = await startUntraceable();
  await asked([["create", connectionLost()], ...LOOK_UPS], async () => {
    assertError(await ready.finalize(), 504, "provider_timeout");
  });
  for (let again = 0; again < 2; again++) {
    await asked(LOOK_UPS, async () => {
      assertError(await ready.finalize(), 409, "clone_in_progress", UNDECIDED, { "retry-after": "600" });
    });
    const left = await enrollmentOf(ready.voiceId);
    assert.deepEqual([left?.unresolved, left?.leased, left?.details?.name], [true, false, DETAILS.name]);
  }
  assert.equal(ready.api.events("clone.undecided").length, 2);
});

testWithoutToken("then a 5xx is not followed by a second create", async () => {
  await using ready = await startUntraceable();
  const failed: ProviderAnswer = () => new Response(null, { status: 503 });
  await asked([["create", failed], ...LOOK_UPS], async () => {
    assertError(await ready.finalize(), 409, "clone_in_progress");
  });
  assert.equal((await enrollmentOf(ready.voiceId))?.unresolved, true);
});

testWithoutToken("a voice that carries the token all the same is found", async () => {
  await using ready = await startUntraceable();
  const voice = await ourVoice(ready);
  await assertSucceeds(ready, [["create", connectionLost()], ["list", voiceList({ voice })]]);
});
