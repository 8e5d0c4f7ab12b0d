// A user whose voice may speak, and what is stored of what it spoke.
import assert from "node:assert/strict";
import { z } from "zod";
import { startSimulator } from "../../simulator/simulator.ts";
import { generateSpeech } from "../../../supabase/functions/_shared/contract/generate_speech.ts";
import { getTask } from "../../../supabase/functions/_shared/contract/get_task.ts";
import { type ApiOptions, PROVIDER_KEY, startApi, upload } from "./api.ts";
import { keys, newUser, sql, stack } from "./project.ts";

/** What is spoken, unless a test says otherwise. */
export const TEXT = "Good evening, said the lighthouse keeper.";

const generationRow = z.looseObject({
  text: z.string(),
  language: z.string(),
  provider_target_model: z.string().nullable(),
  provider_request_id: z.string().nullable(),
  provider_metadata: z.record(z.string(), z.unknown()),
  audio_object_key: z.string().nullable(),
  audio_size_bytes: z.number().nullable(),
  audio_duration_seconds: z.coerce.number().nullable(),
});

/** A user with a cloned voice, at an API whose provider is the simulator. */
export async function readyToSpeak(options: Omit<ApiOptions, "keys"> = {}) {
  // A worker takes any task that may run, so also one that an earlier test left.
  await sql`delete from public.generations`;
  const simulator = await startSimulator({ apiKey: PROVIDER_KEY });
  const { id: userId, accessToken, token } = await newUser();
  const environment = { DASHSCOPE_BASE_URL: simulator.url, ...options.environment };
  const api = await startApi({ ...options, keys, environment });
  const { body } = await upload(api, token);
  const finalized = await api.call("POST", "/clone/finalize", { token, body });
  assert.equal(finalized.status, 200, JSON.stringify([finalized.body, api.logged]));
  api.supabaseRequests.length = 0;

  const generate = (other: Record<string, unknown> = {}) =>
    api.call("POST", "/generate", { token, body: { voice_id: body.voice_id, text: TEXT, ...other } });

  return {
    api,
    keys,
    simulator,
    token,
    accessToken,
    userId,
    voiceId: body.voice_id,
    generate,

    /** Has a text spoken as far as the process that was asked gets, and gives the ids. */
    async spoken(other: Record<string, unknown> = {}) {
      const answer = await generate(other);
      assert.equal(answer.status, 200, JSON.stringify([answer.body, api.logged]));
      await api.settled();
      return generateSpeech.answer.schema().parse(answer.body);
    },

    async task(taskId: string) {
      const answer = await api.call("GET", `/tasks/${taskId}`, { token });
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      return getTask.answer.schema().parse(answer.body);
    },

    work: () => api.call("POST", "/internal/work", { headers: { apikey: stack.secret_key } }),

    syntheses: () => simulator.calls().filter(({ action }) => action === "synthesize"),

    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]();
      await simulator.stop();
    },
  };
}

export type Speaking = Awaited<ReturnType<typeof readyToSpeak>>;

/** Lets a task be claimed at once, whatever lease or delay it has. */
export const endTaskLease = (taskId: string) =>
  sql`
    update public.tasks set run_after = now() - interval '1 second',
      lease_expires_at = case when lease_id is null then null else now() - interval '1 second' end
    where id = ${taskId}`;

export async function generationRowOf(generationId: string) {
  const [row] = await sql`select * from public.generations where id = ${generationId}`;
  return row === undefined ? undefined : generationRow.parse(row);
}

export async function storedGenerations(userId: string): Promise<string[]> {
  const rows = await sql`
    select name from storage.objects where bucket_id = 'generations' and name like ${`${userId}/%`}
    order by name`;
  return rows.map(({ name }) => String(name).slice(userId.length + 1));
}
