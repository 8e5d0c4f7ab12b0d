import assert from "node:assert/strict";
import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";
import { getTask, type TaskResponse } from "../../../supabase/functions/_shared/contract/get_task.ts";
import { internalWork } from "../../../supabase/functions/_shared/contract/internal_work.ts";
import type { Answer, Cloning } from "./cloning.ts";
import type { FinalizeStack } from "./finalize_stack.ts";

/** How often a worker is run before the test gives up. */
const MOST_RUNS = 20;

/** What a user with a voice does, and what an operator does for the tasks. Makes the voice. */
export async function createSpeaking(
  { record, sql }: Pick<FinalizeStack, "record" | "sql">,
  cloning: Cloning,
) {
  const user = await cloning.signUp();
  const voice = await cloning.upload(user);
  assert.deepEqual(await cloning.finalize(voice), cloning.saved(voice));
  const authorization = `Bearer ${user.token}`;
  // One connection for each: Deno sends a request again when one that it kept breaks.
  const always = { connection: "close" };
  let texts = 0;

  async function post(url: string, headers: Record<string, string>, body?: unknown): Promise<Answer> {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...always, ...headers },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json");
    return { status: response.status, body: isJson ? JSON.parse(text) : text };
  }

  return {
    /** A text that nobody else speaks. */
    newText: () => `Good evening, said the keeper of lighthouse number ${++texts}.`,

    generate: (text: string): Promise<Answer> =>
      post(`${record.api_url}/generate`, { authorization }, { voice_id: voice.voiceId, text }),

    /** One call of a worker, to the stack's own process of the function or to another. */
    askToWork: (apiUrl = record.api_url): Promise<Answer> =>
      post(`${apiUrl}/internal/work`, { apikey: record.secret_key }),

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
      const response = await fetch(`${record.api_url}/tasks/${id}`, {
        headers: { authorization, ...always },
      });
      assert.equal(response.status, 200);
      return getTask.answer.schema().parse(await response.json());
    },

    /** What is heard at a task's audio_url. */
    async audio(url: string): Promise<Bytes> {
      const redirect = await fetch(url, { headers: { authorization, ...always }, redirect: "manual" });
      assert.equal(redirect.status, 302, await redirect.text());
      const response = await fetch(redirect.headers.get("location") ?? "");
      assert.equal(response.status, 200);
      return await response.bytes();
    },
  };
}

export type Speaking = Awaited<ReturnType<typeof createSpeaking>>;
