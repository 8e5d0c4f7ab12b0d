import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { z } from "zod";
import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";
import { getTask, type TaskResponse } from "../../../supabase/functions/_shared/contract/get_task.ts";
import { internalWork } from "../../../supabase/functions/_shared/contract/internal_work.ts";
import { speechSampleRate } from "../../simulator/speech.ts";
import { samplesOf } from "../../simulator/test_client.ts";
import { type Cloning, postJson } from "./cloning_users.ts";
import type { InProcessStack } from "./in_process_stack.ts";
import type { ProviderGateway } from "./provider_gateway.ts";

const MOST_RUNS = 20;

/** What a user with a voice does, and what an operator does for the tasks. Makes the voice. */
export async function createSpeaking(
  { record, sql }: Pick<InProcessStack, "record" | "sql">,
  cloning: Cloning,
) {
  const user = await cloning.signUp();
  const voice = await cloning.upload(user);
  await cloning.assertSaved(voice);
  const authorization = `Bearer ${user.token}`;
  const always = { authorization, connection: "close" };
  let texts = 0;

  return {
    /** A text that nobody else speaks. */
    newText: () => `Good evening, said the keeper of lighthouse number ${++texts}.`,

    generate: (text: string) =>
      postJson(`${record.api_url}/generate`, { authorization }, { voice_id: voice.voiceId, text }),

    /** One call of a worker, to the stack's own process of the function or to another. */
    askToWork: (apiUrl = record.api_url) =>
      postJson(`${apiUrl}/internal/work`, { apikey: record.secret_key }),

    /** Runs a worker, again while there is more, or while the function is not there yet. */
    async work(apiUrl?: string): Promise<void> {
      for (let runs = 1; runs <= MOST_RUNS; runs++) {
        const { status, body } = await this.askToWork(apiUrl);
        if (status === 503) continue;
        assert.equal(status, 200, JSON.stringify(body));
        if (!internalWork.answer.schema().parse(body).more) return;
      }
      throw new Error("the work does not come to an end");
    },

    /** Lets every lease and every delay run out, as time would. */
    endLeases: async (): Promise<void> =>
      void await sql`
        update public.tasks set
          run_after = clock_timestamp() - interval '1 second',
          lease_expires_at = case when lease_id is not null then clock_timestamp() - interval '1 second' end
        where status in ('pending', 'processing')`,

    /** A task as its user sees it. */
    async task(id: string): Promise<TaskResponse> {
      const response = await fetch(`${record.api_url}/tasks/${id}`, { headers: always });
      assert.equal(response.status, 200);
      return getTask.answer.schema().parse(await response.json());
    },

    async audio(url: string): Promise<Bytes> {
      const redirect = await fetch(url, { headers: always, redirect: "manual" });
      assert.equal(redirect.status, 302, await redirect.text());
      const response = await fetch(redirect.headers.get("location") ?? "");
      assert.equal(response.status, 200);
      return await response.bytes();
    },
  };
}

export type Speaking = Awaited<ReturnType<typeof createSpeaking>>;

const spokenRows = z.array(z.object({
  generation: z.looseObject({
    id: z.guid(),
    user_id: z.guid(),
    audio_object_key: z.string().nullable(),
    audio_size_bytes: z.number().nullable(),
    audio_duration_seconds: z.number().nullable(),
    provider_request_id: z.string().nullable(),
    provider_metadata: z.looseObject({ recovered: z.literal(true).optional() }),
  }),
  task: z.looseObject({ id: z.guid(), status: z.string(), lease_id: z.guid().nullable() }).nullable(),
  objects: z.array(z.looseObject({ name: z.string() })),
}));

/** All that is kept of a text: each generation with its task and with every object whose name holds its id. */
export async function readSpoken(sql: InProcessStack["sql"], text: string) {
  return spokenRows.parse(
    await sql`
      select to_jsonb(g) as generation, to_jsonb(t) as task, (
        select coalesce(jsonb_agg(to_jsonb(o)), '[]'::jsonb) from storage.objects o
        where o.bucket_id = 'generations' and position(g.id::text in o.name) > 0
      ) as objects
      from public.generations g left join public.tasks t on t.generation_id = g.id
      where g.text = ${text}`,
  );
}

/** How often a text was spoken and billed, and which of its syntheses is stored: the last one by default. */
export type SpokenOnce = { syntheses: number; stored?: number };

/**
 * Asserts that a text ended in one generation with one WAV, byte for byte what a synthesis returned, that its row describes
 * that audio, and that its task is completed.
 */
export async function assertSpokenOnce(
  { sql, provider, speaking }: { sql: InProcessStack["sql"]; provider: ProviderGateway; speaking: Speaking },
  text: string,
  { syntheses, stored = syntheses - 1 }: SpokenOnce,
): Promise<void> {
  const made = provider.syntheses().filter((synthesis) => synthesis.text === text);
  assert.equal(made.length, syntheses, "how often it was spoken");
  assert.equal(provider.billed(), provider.syntheses().length, "what is billed is what was spoken");

  const [spoken, ...more] = await readSpoken(sql, text);
  assert.ok(spoken?.task);
  assert.deepEqual(more, [], "one generation");
  const { generation, objects } = spoken;
  const key = `${generation.user_id}/${generation.id}.wav`;
  assert.deepEqual(objects.map(({ name }) => name), [key], "one WAV");
  assert.equal(spoken.task.lease_id, null);

  const task = await speaking.task(spoken.task.id);
  assert.deepEqual([task.status, task.provider_status, task.error], ["completed", "succeeded", null]);
  const audio = await speaking.audio(task.result?.audio_url ?? "");
  const seconds = samplesOf(audio).length / speechSampleRate;
  assert.ok(seconds > 1, `${seconds} s are too short`);
  const synthesis = made[stored];
  assert.ok(synthesis);
  assert.equal(Buffer.compare(audio, synthesis.wav), 0, "byte for byte what a synthesis returned");

  assert.deepEqual(
    [generation.audio_object_key, generation.audio_size_bytes, generation.audio_duration_seconds?.toFixed(3)],
    [key, audio.byteLength, seconds.toFixed(3)],
    "the row describes this audio",
  );
  const { provider_request_id: requestId, provider_metadata: { recovered } } = generation;
  assert.equal(requestId, recovered ? null : synthesis.requestId, "the row describes this synthesis");
}
