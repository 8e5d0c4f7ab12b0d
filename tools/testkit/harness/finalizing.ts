// A user about to finalize, what the ledger holds afterwards, and what a caller gets for each outcome of the provider.
import assert from "node:assert/strict";
import { z } from "zod";
import { enrollmentToken } from "../../../supabase/functions/_shared/tts/token.ts";
import { type ApiOptions, assertError, PROVIDER_KEY, startApi, upload } from "./api.ts";
import {
  actions,
  PROVIDER_MESSAGE,
  type ProviderAnswer,
  voiceCreated,
  voiceList,
  withDashScope,
} from "./dashscope.ts";
import { keys, newUser, sql } from "./project.ts";
import { DETAILS } from "./reference.ts";
import { createVirtualClock } from "./virtual_clocks.ts";

/**
 * A new user with an uploaded clip at an API whose pauses take no time. `finalize` asks with the clip's own details, or
 * with some in their place.
 */
export async function readyToFinalize(options: Omit<ApiOptions, "keys"> = {}) {
  const { id: userId, token } = await newUser();
  const virtual = createVirtualClock();
  const api = await startApi({ clock: virtual, ...options, keys });
  const { body, objectKey } = await upload(api, token);

  return {
    api,
    keys,
    token,
    userId,
    voiceId: body.voice_id,
    body,
    objectKey,
    /** The pauses made so far, in milliseconds; of the virtual clock, when no other was given. */
    slept: virtual.slept,
    finalize: (other: Record<string, unknown> = {}) =>
      api.call("POST", "/clone/finalize", { token, body: { ...body, ...other } }),
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

export type Ready = Awaited<ReturnType<typeof readyToFinalize>>;

const enrollment = z.object({
  state: z.string(),
  unresolved: z.boolean(),
  leased: z.boolean(),
  region: z.string(),
  details: z.record(z.string(), z.unknown()).nullable(),
  provider_voice_id: z.string().nullable(),
  error: z.record(z.string(), z.unknown()).nullable(),
});

const voiceRow = z.looseObject({
  name: z.string(),
  tts_provider: z.string(),
  provider_voice_id: z.string().nullable(),
  provider_request_id: z.string().nullable(),
  provider_metadata: z.record(z.string(), z.unknown()),
});

/** What the ledger holds of a voice; undefined when there is nothing. `leased` says whether its lease still runs. */
export async function enrollmentOf(voiceId: string) {
  const [row] = await sql`
    select state, unresolved_since is not null as unresolved, lease_expires_at > clock_timestamp() as leased,
      region, details, provider_voice_id, error
    from private.voice_enrollments where voice_id = ${voiceId}`;
  return row === undefined ? undefined : enrollment.parse(row);
}

export async function voiceRowOf(voiceId: string) {
  const [row] = await sql`select * from public.voices where id = ${voiceId}`;
  return row === undefined ? undefined : voiceRow.parse(row);
}

/** How many creates of a user were sent, and how many of them count as made. */
export async function countedSendings(userId: string): Promise<{ creates: number; possible: number }> {
  const [row] = await sql`
    select coalesce(sum(creates), 0)::int as creates, coalesce(sum(possible), 0)::int as possible
    from private.clone_sendings where user_id = ${userId}`;
  return z.object({ creates: z.number(), possible: z.number() }).parse(row);
}

/** The provider voices of a user that are recorded as orphans, in order, with the reason. */
export async function orphansOf(userId: string): Promise<[string, string][]> {
  const rows = await sql`
    select provider_voice_id, reason from private.orphaned_voices where user_id = ${userId}
    order by provider_voice_id`;
  return z.array(z.object({ provider_voice_id: z.string(), reason: z.string() })).parse(rows)
    .map((row) => [row.provider_voice_id, row.reason]);
}

export const endLease = (voiceId: string) =>
  sql`
    update private.voice_enrollments set lease_expires_at = clock_timestamp() - interval '1 second'
    where voice_id = ${voiceId}`;

export type Told = [status: number, code: string, retryAfterSeconds: string | null, detail: string];

const OPERATOR = "The operator has been told.";
const AGAIN = "Try again shortly.";
const NOT_SET_UP = `Voice cloning is not set up correctly. ${OPERATOR}`;
const NOT_AVAILABLE = `The voice provider is not available right now. ${AGAIN}`;
const FULL = `No more voices can be created for now. ${OPERATOR}`;
const NO_ANSWER =
  "The voice provider gave no usable answer in time. Repeat the request: it is safe, no second voice is made.";

export const MISCONFIGURED: Told = [502, "provider_misconfigured", null, NOT_SET_UP];
export const UNAVAILABLE: Told = [502, "provider_unavailable", "10", NOT_AVAILABLE];
export const THROTTLED: Told = [503, "provider_throttled", "10", `The voice provider is busy. ${AGAIN}`];
export const VOICE_LIMIT: Told = [503, "voice_limit_reached", null, FULL];
export const TIMEOUT: Told = [504, "provider_timeout", "5", NO_ANSWER];
export const rejected = (detail: string): Told => [422, "provider_rejected", null, detail];

/** A finalize is answered with exactly this, and neither answer nor log gives anything away. */
export async function assertTold(ready: Ready, [status, code, retryAfter, detail]: Told): Promise<void> {
  const answer = await ready.finalize();
  assertError(answer, status, code, detail, { "retry-after": retryAfter });
  const seen = JSON.stringify([answer.body, ready.api.logged]);
  for (const secret of [PROVIDER_MESSAGE, PROVIDER_KEY, DETAILS.transcript, "token="]) {
    assert(!seen.includes(secret), `${secret} was told`);
  }
}

/** A call that the provider must get, by its action, and how it answers. */
export type Expected = [action: string, answer: ProviderAnswer];

/** The provider is asked exactly this while the API is called. */
export async function asked(answers: Expected[], use: () => Promise<void>): Promise<void> {
  await withDashScope(answers.map(([, answer]) => answer), async (calls) => {
    await use();
    assert.deepEqual(actions(calls), answers.map(([action]) => action));
  });
}

/** A finalize with this in place of the clip's own details is answered with the voice, after exactly these calls. */
export async function assertSucceeds(
  ready: Ready,
  answers: Expected[],
  other: Record<string, unknown> = {},
): Promise<void> {
  await asked(answers, async () => {
    const answer = await ready.finalize(other);
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
export const LOOK_UPS: Expected[] = Array.from({ length: 3 }, () => ["list", voiceList()]);
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
