// The provider's whole list, whatever its size, while voices come and go.
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { createSimulatorApp } from "../../../tools/testkit/simulator.ts";
import { createQwen } from "../_shared/tts/providers/qwen.ts";
import { PROVIDER_KEY } from "../../../tools/testkit/harness/api.ts";

type ListAnswer = { output: { total_count?: number } };

/** The provider, whose every request `send` answers. */
const providerAt = (send: typeof fetch) =>
  createQwen({
    apiKey: PROVIDER_KEY,
    baseUrl: "http://simulator.localhost",
    region: "intl",
    targetModel: "qwen3-tts-vc-2026-01-22",
    delivery: "signed_url",
    signedUrlTtlSeconds: 300,
    fetch: send,
  });
const { signal } = new AbortController();

/** An account with so many voices; `between` runs after each page that was read, `change` on its answer. */
async function accountWith(
  count: number,
  between: (page: number) => Promise<void> = async () => {},
  change: (answer: ListAnswer) => ListAnswer = (answer) => answer,
) {
  const simulator = createSimulatorApp({ apiKey: PROVIDER_KEY });
  let pages = 0;
  const provider = providerAt(async (input, init) => {
    const request = new Request(input, init);
    const { input: asked } = await request.clone().json();
    const answer = await simulator.fetch(request);
    if (asked.action !== "list") return answer;
    await between(pages++);
    return Response.json(change(await answer.json()));
  });
  const seed = async (more: number, prefix: string) => {
    const body = JSON.stringify({ count: more, prefix, created_at: "2026-03-04T05:06:07.089Z" });
    const request = new Request("http://simulator.localhost/control/voices", { method: "POST", body });
    assert.equal((await simulator.fetch(request)).status, 201);
  };
  if (count > 0) await seed(count, "seed");
  return {
    seed,
    pages: () => pages,
    atProvider: () => simulator.voices().map(({ voice }) => voice),
    list: async () => (await provider.listVoices(signal)).map(({ voice }) => voice.providerVoiceId),
    delete: (voice: string) => provider.deleteVoice(voice, signal),
  };
}

for (const [count, pages] of [[0, 1], [999, 1], [1000, 1], [1001, 4], [2300, 6]] as const) {
  Deno.test(`${count} voices are read whole, in ${pages} requests`, async () => {
    const account = await accountWith(count);
    assert.deepEqual((await account.list()).sort(), account.atProvider().sort());
    assert.equal(account.pages(), pages);
  });
}

Deno.test("no voice that stays is missed while others come and go between the pages", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(80), fc.nat(80)), { minLength: 1, maxLength: 3 }),
      async (changes) => {
        const gone = new Set<string>();
        const account = await accountWith(2100, async (page) => {
          const [come, go] = changes[page] ?? [0, 0];
          if (come > 0) await account.seed(come, `p${page}`);
          // The newest come first in the list: without them the rest moves towards the pages that were read.
          for (const voice of account.atProvider().slice(0, go)) {
            gone.add(voice);
            await account.delete(voice);
          }
        });
        const stayed = account.atProvider();
        const listed = new Set(await account.list());
        assert.deepEqual(stayed.filter((voice) => !gone.has(voice) && !listed.has(voice)), []);
      },
    ),
    { numRuns: 8, seed: 20261122 },
  );
});

Deno.test("without total_count a full page is followed by another one", async () => {
  const account = await accountWith(1000, undefined, (answer) => {
    delete answer.output.total_count;
    return answer;
  });
  assert.equal((await account.list()).length, 1000);
  assert.equal(account.pages(), 4);
});

/** A provider whose list answers are these, one for each page. */
function providerWith(pages: unknown[]) {
  let asked = 0;
  const send = () => Promise.resolve(Response.json({ output: pages[asked++ % pages.length] }));
  return (token: string) => providerAt(send).findVoice(token, signal);
}

const named = (index: number) => ({
  voice: `qwen-tts-vc-grace_token${String(index).padStart(5, "0")}-voice-20260304050607089-1a2b`,
  target_model: "qwen3-tts-vc-2026-01-22",
});
const hundred = (from: number) => Array.from({ length: 100 }, (_, index) => named(from + index));

Deno.test("a provider that gives smaller pages than it is asked for is read to its end", async () => {
  const pages = [0, 100, 200].map((from) => ({ total_count: 300, voice_list: hundred(from) }));
  assert.equal((await providerWith(pages)("token00250"))?.providerVoiceId, named(250).voice);
  const echoed = [
    ...[0, 100].map((from) => ({ page_size: 100, voice_list: hundred(from) })),
    { page_size: 100, voice_list: [named(200)] },
  ];
  assert.equal((await providerWith(echoed)("token00200"))?.providerVoiceId, named(200).voice);
});

Deno.test("a list that lacks what it says it holds is no proof that nothing is there", async () => {
  const full = { total_count: 1500, voice_list: Array.from({ length: 1000 }, (_, index) => named(index)) };
  for (
    const pages of [
      [full, { total_count: 1500, voice_list: [] }],
      [full, { total_count: 1500 }],
      [{}],
      [{ total_count: 3 }],
      [{ total_count: 3, voice_list: [] }],
    ]
  ) {
    await assert.rejects(providerWith(pages)("token01200"), { category: "unreadable_answer" });
  }
  assert.equal(await providerWith([{ total_count: 0 }])("token00001"), null);
  assert.equal(await providerWith([{ voice_list: [] }])("token00001"), null);
});
