// A finalize whose database, storage or client goes away in the middle.
import assert from "node:assert/strict";
import type { Intercept } from "../../../tools/testkit/harness/api.ts";
import { DETAILS } from "../../../tools/testkit/harness/reference.ts";
import {
  providerError,
  voiceCreated,
  voiceList,
  withDashScope,
} from "../../../tools/testkit/harness/dashscope.ts";
import { assertError } from "../../../tools/testkit/harness/api.ts";
import { type Ready, readyToFinalize } from "../../../tools/testkit/harness/finalizing.ts";
import {
  countedSendings,
  endLease,
  enrollmentOf,
  voiceRowOf,
} from "../../../tools/testkit/harness/finalizing.ts";
import { ourVoice } from "../../../tools/testkit/harness/finalizing.ts";
import {
  assertFields,
  databaseAway,
  failing,
  finalizeAt,
  finalizes,
  finalizeTest,
  loseAnswer,
  query,
} from "../../../tools/testkit/harness/setups.ts";

const unreachable = () => Promise.reject(new TypeError("connection refused"));

for (
  const [what, intercept, pauses] of [
    ["a database that is away for a moment while it saves", failing("clone_complete", 3, databaseAway), [
      250,
      1000,
      3000,
    ]],
    ["a saving whose answer is lost", failing("clone_complete", 1, loseAnswer), [250]],
    ["a claim whose answer is lost", failing("clone_claim", 1, loseAnswer), [200]],
  ] as const
) {
  finalizeTest(`${what}: the call is made again, and the voice saved once`, { intercept }, async (ready) => {
    const answer = await finalizes(ready, [voiceCreated()]);
    assert.deepEqual(answer.body, { id: ready.voiceId, name: DETAILS.name });
    assert.deepEqual(ready.slept, pauses);
    assert.equal(ready.api.events("clone.orphaned").length, 0);
  });
}

for (const [what, answer] of [["away", databaseAway], ["unreachable", unreachable]] as const) {
  const intercept = failing("clone_complete", 5, answer);
  finalizeTest(`a database that stays ${what}: 503, an error in the log, and the voice is found later`, {
    intercept,
  }, async (ready) => {
    const refused = await finalizeAt(ready, [voiceCreated()]);
    assertError(refused, 503, "database_unavailable");
    assert.equal(refused.headers.get("retry-after"), "5");
    assert.deepEqual(ready.slept, [250, 1000, 3000, 5000]);
    const [event] = ready.api.events("clone.unrecorded");
    assertFields(event, {
      level: "error",
      voice_id: ready.voiceId,
      provider_voice_id: await ourVoice(ready),
      provider_request_id: "f0e1d2c3-create",
    });
    assert.equal((await enrollmentOf(ready.voiceId))?.state, "sending");
    await endLease(ready.voiceId);
    await finalizes(ready, [voiceList({ voice: await ourVoice(ready) })]);
  });
}

const refusal = { message: `value "${DETAILS.transcript}" refused`, code: "22000" };
const refusing = failing("clone_complete", 1, () => Response.json(refusal, { status: 400 }));

finalizeTest("a database that refuses the call: 500, an error in the log, not asked again", {
  intercept: refusing,
}, async (ready) => {
  assertError(await finalizeAt(ready, [voiceCreated()]), 500, "internal");
  assert.deepEqual(ready.slept, []);
  assert.equal(ready.api.events("clone.unrecorded").length, 1);
  assert(!ready.api.logged.join("\n").includes(DETAILS.transcript));
});

const unmarked = failing("clone_unresolved", 2, databaseAway);

finalizeTest("an unknown outcome that could not be marked is not forgotten", {
  intercept: unmarked,
}, async (ready) => {
  const [failed, refused] = [
    providerError(500, "InternalError"),
    providerError(400, "Audio.PreprocessError"),
  ];
  const answers = [failed, voiceList(), voiceList(), voiceList(), refused];
  assertError(await finalizeAt(ready, answers), 422, "provider_rejected");
  assert.equal((await enrollmentOf(ready.voiceId))?.state, "sending");
});

for (const [name, times] of [["clone_claim", 3], ["clone_sending", 1]] as const) {
  const intercept = failing(name, times, databaseAway);
  finalizeTest(`a database away at ${name}: 503, and nothing is created`, { intercept }, async (ready) => {
    assertError(await finalizeAt(ready, []), 503, "database_unavailable");
    await finalizes(ready, [voiceCreated()]);
  });
}

Deno.test("a storage that cannot sign: 503, nothing is created, nothing stays claimed", async () => {
  let away = true;
  const intercept: Intercept = (path) =>
    away && path.includes("/object/sign/") ? Response.json({ message: "away" }, { status: 503 }) : undefined;
  await using ready = await readyToFinalize({ intercept });
  assertError(await finalizeAt(ready, []), 503, "storage_unavailable");
  assert.equal(await enrollmentOf(ready.voiceId), undefined);
  away = false;
  await finalizes(ready, [voiceCreated()]);
});

Deno.test("an attempt that was superseded before it sends creates nothing", async () => {
  // Not `ready`: Deno 2.1 rewrites `await using`, and what stands before it does not see the name.
  let userId = "";
  const intercept = failing(
    "clone_sending",
    1,
    (send) =>
      query`update private.voice_enrollments set attempt_id = gen_random_uuid() where user_id = ${userId}`
        .then(send),
  );
  await using ready = await readyToFinalize({ intercept });
  userId = ready.userId;
  assertError(await finalizeAt(ready, []), 409, "clone_in_progress");
  assert.equal((await enrollmentOf(ready.voiceId))?.state, "claimed");
  assert.deepEqual(await countedSendings(ready.userId), { creates: 0, possible: 0 });
});

Deno.test("a replay does not wait for a storage that hangs", async () => {
  let hangs = false;
  const intercept: Intercept = (path, send) =>
    hangs && path.includes("/object/references/") ? new Promise(() => {}) : send();
  await using ready = await readyToFinalize({ intercept });
  const first = await finalizes(ready, [voiceCreated()]);
  hangs = true;
  assert.deepEqual((await finalizes(ready, [])).body, first.body);
});

Deno.test("a client that hangs up while the voice is made loses nothing", async () => {
  const sent = Promise.withResolvers<void>();
  const heard = Promise.withResolvers<void>();
  const client = new AbortController();
  let body: Ready["body"];
  {
    await using ready = await readyToFinalize({
      onRequest({ url, signal }) {
        if (url.endsWith("/finalize")) signal.addEventListener("abort", () => heard.resolve());
      },
    });
    body = ready.body;
    await withDashScope([async (call) => {
      sent.resolve();
      await heard.promise;
      return await voiceCreated()(call);
    }], async () => {
      const answer = fetch(`${ready.api.url}/clone/finalize`, {
        method: "POST",
        headers: { Authorization: `Bearer ${ready.token}`, "Content-Type": "application/json" },
        body: JSON.stringify(ready.body),
        signal: client.signal,
      });
      const hungUp = assert.rejects(answer, { name: "AbortError" });
      await sent.promise;
      client.abort();
      await hungUp;
      await heard.promise;
      assert.equal(ready.api.keptAlive(), 1);
      await ready.api.settled();
    });
  }
  assert.equal((await voiceRowOf(body.voice_id))?.tts_provider, "qwen");
});
