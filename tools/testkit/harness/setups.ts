// What many tests of the function begin with, each in one call.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { createLog } from "../../../supabase/functions/_shared/log.ts";
import type { Answer, ApiOptions, Intercept } from "./api.ts";
import { createAttempt } from "./claims.ts";
import { createVirtualClock } from "./virtual_clocks.ts";
import { type ProviderAnswer, type ProviderCall, withDashScope } from "./dashscope.ts";
import { withDatabase } from "./project.ts";
import { type Ready, readyToFinalize } from "./finalizing.ts";
import { actions } from "./dashscope.ts";
import { type Queue, storedAudio } from "./queue.ts";
import { readyToSpeak, type Speaking } from "./speaking.ts";

/** Runs one statement on the tests' database as its owner; its rows. */
export function query(
  statement: TemplateStringsArray,
  ...values: postgres.ParameterOrFragment<never>[]
): Promise<postgres.Row[]> {
  return withDatabase(async (sql) => [...await sql(statement, ...values)]);
}

/** What was read has these fields, among others. */
export function assertFields<Read extends object>(
  read: Read | null | undefined,
  expected: Partial<Read>,
): void {
  assert(read);
  const seen = Object.keys(expected).map((field) => [field, Reflect.get(read, field)]);
  assert.deepEqual(Object.fromEntries(seen), expected);
}

/** Removes a user with all that goes along. */
export const deleteAccount = (userId: string) => query`delete from auth.users where id = ${userId}`;

/** What PostgREST answers while the database is away. */
export const databaseAway = () =>
  Response.json({ message: "no connection", code: "PGRST000" }, { status: 503 });

/** Sends a request to its end and loses the answer. */
export async function loseAnswer(send: () => Promise<Response>): Promise<never> {
  await (await send()).arrayBuffer();
  throw new TypeError("connection refused");
}

/** Answers the first `times` calls of one database function in its place. */
export function failing(
  name: string,
  times: number,
  answer: (send: () => Promise<Response>) => Response | Promise<Response>,
): Intercept {
  let left = times;
  return (path, send) => path === `/rest/v1/rpc/${name}` && left-- > 0 ? answer(send) : undefined;
}

/** Lets tests refuse the insert of a voice with this SQLSTATE, as a constraint or a full disk would, while `use` runs. */
export async function withRefusableInserts(sqlstate: string, use: () => Promise<void>): Promise<void> {
  const execute = (statements: string) => withDatabase((sql) => sql.unsafe(statements).simple());
  await execute(`
    create table private.refused_inserts (voice_id uuid primary key);
    create function private.refuse_insert() returns trigger language plpgsql as $$
    begin
      if exists (select from private.refused_inserts r where r.voice_id = new.id) then
        raise exception 'refused' using errcode = '${sqlstate}';
      end if;
      return new;
    end $$;
    create trigger refuse_insert before insert on public.voices
      for each row execute function private.refuse_insert();
  `);
  try {
    await use();
  } finally {
    await execute(`
      drop trigger refuse_insert on public.voices;
      drop function private.refuse_insert();
      drop table private.refused_inserts;
    `);
  }
}

/** A test with a user who has an uploaded clip, at an API of its own. */
export function finalizeTest(
  name: string,
  options: Omit<ApiOptions, "keys">,
  use: (ready: Ready) => Promise<void>,
): void {
  Deno.test(name, async () => {
    await using ready = await readyToFinalize(options);
    await use(ready);
  });
}

/** Finalizes at a provider that answers exactly so: the answer, and what the provider was asked. */
export async function finalizeAt(
  ready: Ready,
  answers: ProviderAnswer[],
  other: Record<string, unknown> = {},
) {
  const finalized: (Answer & { calls: ProviderCall[]; actions: string[] })[] = [];
  await withDashScope(answers, async (calls) => {
    finalized.push({ ...await ready.finalize(other), calls, actions: actions(calls) });
  });
  const [answer] = finalized;
  assert(answer);
  return answer;
}

/** Finalizes at a provider that answers exactly so, with success. */
export async function finalizes(
  ready: Ready,
  answers: ProviderAnswer[],
  other: Record<string, unknown> = {},
) {
  const answer = await finalizeAt(ready, answers, other);
  assert.equal(answer.status, 200, JSON.stringify([answer.body, ready.api.logged]));
  return answer;
}

/** A test with a user whose cloned voice can speak, at an API of its own whose pauses take no time. */
export function speakingTest(
  name: string,
  options: Parameters<typeof readyToSpeak>[0],
  use: (speaking: Speaking) => Promise<void>,
): void {
  Deno.test(name, async () => {
    await using speaking = await readyToSpeak({ clock: createVirtualClock(), ...options });
    await use(speaking);
  });
}

/** A worker's words for a task that should be tried again at once, and for one that failed. */
export const AGAIN = { delaySeconds: 0, counts: true, providerStatus: null };
export const FAILED = { error: "No.", providerStatus: null };

/** Completes a task as a worker does that stored its audio. */
export const complete = ({ tasks, userId }: Queue, task: { taskId: string; generationId: string }) =>
  tasks.complete(task.taskId, storedAudio(userId, task.generationId));

/** An attempt whose create was sent. */
export async function sentAttempt(...given: Parameters<typeof createAttempt>) {
  const attempt = createAttempt(...given);
  await attempt.claim();
  await attempt.sending();
  return attempt;
}

/** The platform ends a request that has no answer after so many milliseconds (Supabase, "Edge Functions: Limits"). */
export const PLATFORM_MS = 150_000;
/** The most that a call to Supabase, a page of the provider's list, or a deletion takes. */
export const CALL_MS = 15_000;

export const silentLog = createLog({ write() {}, now: () => new Date() });

/** In the place of a call that no test here may make. */
export const refuse = (what: string) => () => Promise.reject(new Error(`nobody may ${what} here`));
