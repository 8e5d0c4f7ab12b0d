// What the queue's calls make of a database that is away, or that refuses them.
import assert from "node:assert/strict";
import { createTasks } from "../_shared/generations/tasks.ts";
import { createSupabase } from "../_shared/supabase.ts";
import { storedAudio } from "../../../tools/testkit/harness/queue.ts";

const id = crypto.randomUUID();
const lease = { taskId: id, leaseId: id };
const rules = { provider: "qwen", region: "intl" } as const;

/** Each call of the queue, made of a database that answers so; and how often it was asked. */
function callsOf(answer: () => Response) {
  const requests: string[] = [];
  const { db } = createSupabase({
    url: "http://127.0.0.1:9",
    secretKey: "sb_secret_x",
    fetch: (input) => {
      requests.push(new URL(input instanceof Request ? input.url : input).pathname);
      return Promise.resolve(answer());
    },
  });
  const tasks = createTasks({ db });
  const generation = {
    userId: id,
    voiceId: id,
    generationId: id,
    taskId: id,
    text: "Hello.",
    language: null,
  };
  const calls = {
    create: () => tasks.create(generation, { ...rules, maxUnfinished: 1 }),
    claim: () => tasks.claim({ leaseId: id, leaseSeconds: 60, maxAttempts: 3, ...rules }),
    complete: () => tasks.complete(id, storedAudio(id, id)),
    putBack: () => tasks.putBack(lease, { delaySeconds: 1, counts: true, providerStatus: null }),
    fail: () => tasks.fail(lease, { error: "No.", providerStatus: null }),
    cancel: () => tasks.cancel(id, id),
    read: () => tasks.read(id, id),
    audioOf: () => tasks.audioOf(id, id),
  };
  return { calls, requests };
}

const failure = (code: string, status: number) => () =>
  Response.json({ code, message: 'told of "secret text"', details: null, hint: null }, { status });

for (
  const [what, answer, code] of [
    ["is away", failure("PGRST001", 503), "database_unavailable"],
    ["refuses", failure("42501", 403), "internal"],
  ] as const
) {
  Deno.test(`when the database ${what}, each call says ${code}, at once`, async () => {
    const { calls, requests } = callsOf(answer);
    for (const [name, call] of Object.entries(calls)) {
      await assert.rejects(call, (error: Error & { code?: string }) => {
        assert.equal(error.code, code, name);
        assert(!String(error.cause).includes("secret"), name);
        return true;
      });
    }
    assert.equal(requests.length, Object.keys(calls).length);
  });
}

Deno.test("an answer that nobody knows is no answer", async () => {
  const { calls } = callsOf(() => Response.json({ outcome: "perhaps", status: "perhaps" }));
  for (const [name, call] of Object.entries(calls)) await assert.rejects(call, { name: "ZodError" }, name);
});
