import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { z } from "zod";
import { speechSampleRate } from "../../simulator/speech.ts";
import { samplesOf } from "../../simulator/test_client.ts";
import type { FinalizeStack } from "./finalize_stack.ts";
import type { ProviderGateway } from "./provider_gateway.ts";
import type { Speaking } from "./speaking.ts";

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

/** All that is kept of a text: each generation with its task and with every object that its id is in the name of. */
export async function readSpoken(sql: FinalizeStack["sql"], text: string) {
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

/** How often a text was spoken and billed, and which of its syntheses is stored: the last one, if not said. */
export type SpokenOnce = { syntheses: number; stored?: number };

/**
 * Asserts that a text ended in one generation with one WAV, byte for byte what a synthesis gave, that its row tells of that
 * audio, and that its task is completed.
 */
export async function assertSpokenOnce(
  { sql, provider, speaking }: {
    sql: FinalizeStack["sql"];
    provider: ProviderGateway;
    speaking: Speaking;
  },
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
  assert.equal(Buffer.compare(audio, synthesis.wav), 0, "byte for byte what a synthesis gave");

  assert.deepEqual(
    [generation.audio_object_key, generation.audio_size_bytes, generation.audio_duration_seconds?.toFixed(3)],
    [key, audio.byteLength, seconds.toFixed(3)],
    "the row tells of this audio",
  );
  const { provider_request_id: requestId, provider_metadata: { recovered } } = generation;
  assert.equal(requestId, recovered ? null : synthesis.requestId, "the row tells of this synthesis");
}

/** Asserts that every object in the bucket is the audio of a completed generation. */
export async function assertNoStrays(sql: FinalizeStack["sql"]): Promise<void> {
  assert.deepEqual(
    [
      ...await sql`
        select name from storage.objects where bucket_id = 'generations'
        except select audio_object_key from public.generations`,
    ],
    [],
  );
}
