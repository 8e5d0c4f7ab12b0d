import assert from "node:assert/strict";
import { enrollmentToken } from "../../../supabase/functions/_shared/tts/token.ts";
import { PROVIDER_KEY } from "./api.ts";
import { DETAILS } from "./clone.ts";
import { type ProviderAnswer, voiceCreated, voiceList, withDashScope } from "./dashscope.ts";
import { assertError } from "./errors.ts";
import { actions, type Ready } from "./finalizing.ts";
import { countedSendings, enrollmentOf, voiceRowOf } from "./ledger.ts";

/** What the provider says of its insides; nobody may be told. */
export const PROVIDER_MESSAGE = "account 4711 of Example Ltd in cell b-12";

/** How the caller is told, whole. */
export const MISCONFIGURED = {
  status: 502,
  code: "provider_misconfigured",
  detail: "Voice cloning is not set up correctly. The operator has been told.",
  retryAfter: null,
};
export const UNAVAILABLE = {
  status: 502,
  code: "provider_unavailable",
  detail: "The voice provider is not available right now. Try again shortly.",
  retryAfter: "10",
};
export const THROTTLED = {
  status: 503,
  code: "provider_throttled",
  detail: "The voice provider is busy. Try again shortly.",
  retryAfter: "10",
};
export const VOICE_LIMIT = {
  status: 503,
  code: "voice_limit_reached",
  detail: "No more voices can be created for now. The operator has been told.",
  retryAfter: null,
};
export const TIMEOUT = {
  status: 504,
  code: "provider_timeout",
  detail:
    "The voice provider gave no usable answer in time. Repeat the request: it is safe, no second voice is made.",
  retryAfter: "5",
};
/** What a caller is told of a failure; `retryAfter` in seconds. */
export type Told = { status: number; code: string; detail: string; retryAfter: string | null };

/** A finalize is answered with exactly this, and neither answer nor log gives anything away. */
export async function assertTold(ready: Ready, told: Told): Promise<void> {
  const answer = await ready.finalize();
  assertError(answer, told.status, told.code, told.detail);
  assert.equal(answer.headers.get("retry-after"), told.retryAfter);
  const seen = JSON.stringify([answer.body, ready.api.logged]);
  for (const secret of [PROVIDER_MESSAGE, PROVIDER_KEY, DETAILS.transcript, "token="]) {
    assert(!seen.includes(secret), `${secret} was told`);
  }
}

/** The provider is asked exactly this while the API is called. */
export async function asked(answers: [string, ProviderAnswer][], use: () => Promise<void>): Promise<void> {
  await withDashScope(answers.map(([, answer]) => answer), async (calls) => {
    await use();
    assert.deepEqual(actions(calls), answers.map(([action]) => action));
  });
}

/** The next finalize is answered with the voice, after exactly these calls. */
export async function assertSucceeds(ready: Ready, answers: [string, ProviderAnswer][]): Promise<void> {
  await asked(answers, async () => {
    const answer = await ready.finalize();
    assert.deepEqual([answer.status, answer.body], [200, { id: ready.voiceId, name: DETAILS.name }]);
  });
}

/** The provider voice of this finalize, made at this moment. */
export async function ourVoice(ready: Ready, made = "20261122120000000-1a2b"): Promise<string> {
  return `qwen-tts-vc-grace_${await enrollmentToken(ready.userId, ready.voiceId)}-voice-${made}`;
}

/** Nothing is left of the attempt, and the next finalize creates at once. */
export async function assertReleased(ready: Ready): Promise<void> {
  assert.equal(await enrollmentOf(ready.voiceId), undefined);
  assert.equal((await countedSendings(ready.userId)).possible, 0);
  await assertSucceeds(ready, [["create", voiceCreated()]]);
}

/** A look-up that finds nothing, after an outcome that has just become unknown. */
export const LOOK_UPS: [string, ProviderAnswer][] = [
  ["list", voiceList()],
  ["list", voiceList()],
  ["list", voiceList()],
];
/** The pauses in it, in milliseconds. */
export const LOOK_UP_PAUSES = [2000, 5000];

/**
 * The outcome is marked as unknown, nobody holds the voice, and the next finalize looks before it creates.
 * @param creates how many were sent, each of which may have made a voice
 */
export async function assertUnresolved(ready: Ready, creates = 1): Promise<void> {
  const left = await enrollmentOf(ready.voiceId);
  assert.deepEqual([left?.unresolved, left?.leased, left?.details?.name], [true, false, DETAILS.name]);
  assert.equal(await voiceRowOf(ready.voiceId), undefined);
  assert.deepEqual(await countedSendings(ready.userId), { creates, possible: creates });
  await assertSucceeds(ready, [...LOOK_UPS, ["create", voiceCreated()]]);
  const settled = await enrollmentOf(ready.voiceId);
  assert.deepEqual([settled?.state, settled?.unresolved, settled?.details], ["finalized", false, null]);
}
