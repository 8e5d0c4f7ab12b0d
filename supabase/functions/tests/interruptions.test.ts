// A finalize whose database, storage or client goes away in the middle.
import assert from "node:assert/strict";
import { assertError, type Intercept } from "../../../tools/testkit/harness/api.ts";
import {
  providerError,
  voiceCreated,
  voiceList,
  withDashScope,
} from "../../../tools/testkit/harness/dashscope.ts";
import {
  countedSendings,
  endLease,
  enrollmentOf,
  ourVoice,
  type Ready,
  readyToFinalize,
  voiceRowOf,
} from "../../../tools/testkit/harness/finalizing.ts";
import { withDatabase } from "../../../tools/testkit/harness/project.ts";
import { DETAILS } from "../../../tools/testkit/harness/reference.ts";

/** Answers the first `times` calls of one database function in its place. */
function failing(name: string, times: number, answer: (send: () => Promise<Response>) => Promise<Response>) {
  let left = times;
  const intercept: Intercept = (path, send) =>
    path === `/rest/v1/rpc/${name}` && left-- > 0 ? answer(send) : undefined;
  return intercept;
}

const away = () =>
  Promise.resolve(Response.json({ message: "no connection", code: "PGRST000" }, { status: 503 }));
const unreachable = () => Promise.reject(new TypeError("connection refused"));

Deno.test("a database that is away for a moment does not lose the voice", async () => {
  const intercept = failing("clone_complete", 3, away);
  await using ready = await readyToFinalize({ intercept });
  await withDashScope([voiceCreated()], async () => assert.equal((await ready.finalize()).status, 200));
  assert.deepEqual(ready.slept, [250, 1000, 3000]);
});

Deno.test("a voice whose saving was done but not confirmed is saved once", async () => {
  const intercept = failing("clone_complete", 1, async (send) => {
    await (await send()).arrayBuffer();
    return await unreachable();
  });
  await using ready = await readyToFinalize({ intercept });
  await withDashScope([voiceCreated()], async () => {
    const answer = await ready.finalize();
    assert.deepEqual([answer.status, answer.body], [200, { id: ready.voiceId, name: DETAILS.name }]);
  });
  assert.equal(ready.api.events("clone.orphaned").length, 0);
});

for (const [what, answer] of [["away", away], ["unreachable", unreachable]] as const) {
  Deno.test(`a database that stays ${what}: 503 database_unavailable, told loudly, and the voice is found later`, async () => {
    await using ready = await readyToFinalize({ intercept: failing("clone_complete", 5, answer) });
    await withDashScope([voiceCreated()], async () => {
      const told = await ready.finalize();
      assertError(told, 503, "database_unavailable");
      assert.equal(told.headers.get("retry-after"), "5");
    });
    assert.deepEqual(ready.slept, [250, 1000, 3000, 5000]);
    const [event] = ready.api.events("clone.unrecorded");
    assert.deepEqual(
      [event?.level, event?.voice_id, event?.provider_voice_id, event?.provider_request_id],
      ["error", ready.voiceId, await ourVoice(ready), "f0e1d2c3-create"],
    );
    assert.equal((await enrollmentOf(ready.voiceId))?.state, "sending");
    await endLease(ready.voiceId);
    await withDashScope([voiceList({ voice: await ourVoice(ready) })], async () => {
      assert.equal((await ready.finalize()).status, 200);
    });
  });
}

Deno.test("a database that refuses the call: 500, told loudly, not asked again", async () => {
  const refuse = () =>
    Promise.resolve(
      Response.json({ message: `value "${DETAILS.transcript}" refused`, code: "22000" }, { status: 400 }),
    );
  await using ready = await readyToFinalize({ intercept: failing("clone_complete", 1, refuse) });
  await withDashScope([voiceCreated()], async () => assertError(await ready.finalize(), 500, "internal"));
  assert.deepEqual(ready.slept, []);
  assert.equal(ready.api.events("clone.unrecorded").length, 1);
  assert(!ready.api.logged.join("\n").includes(DETAILS.transcript));
});

Deno.test("an unknown outcome that could not be marked is not forgotten when the next create is refused", async () => {
  await using ready = await readyToFinalize({ intercept: failing("clone_unresolved", 2, away) });
  const [failed, refused] = [
    providerError(500, "InternalError"),
    providerError(400, "Audio.PreprocessError"),
  ];
  await withDashScope([failed, voiceList(), voiceList(), voiceList(), refused], async () => {
    assertError(await ready.finalize(), 422, "provider_rejected");
  });
  assert.equal((await enrollmentOf(ready.voiceId))?.state, "sending");
});

Deno.test("a claim whose answer was lost is asked again with the same attempt, and holds", async () => {
  const intercept = failing("clone_claim", 1, async (send) => {
    await (await send()).arrayBuffer();
    return await unreachable();
  });
  await using ready = await readyToFinalize({ intercept });
  await withDashScope([voiceCreated()], async () => assert.equal((await ready.finalize()).status, 200));
  assert.deepEqual(ready.slept, [200]);
});

for (const [name, times] of [["clone_claim", 3], ["clone_sending", 1]] as const) {
  Deno.test(`a database that is away at ${name}: 503 database_unavailable, and nothing is created`, async () => {
    await using ready = await readyToFinalize({ intercept: failing(name, times, away) });
    await withDashScope([], async () => assertError(await ready.finalize(), 503, "database_unavailable"));
    await withDashScope([voiceCreated()], async () => assert.equal((await ready.finalize()).status, 200));
  });
}

Deno.test("a storage that cannot sign: 503 storage_unavailable, nothing is created, nothing stays claimed", async () => {
  let away = true;
  const intercept: Intercept = (path) =>
    away && path.includes("/object/sign/") ? Response.json({ message: "away" }, { status: 503 }) : undefined;
  await using ready = await readyToFinalize({ intercept });
  await withDashScope([], async () => assertError(await ready.finalize(), 503, "storage_unavailable"));
  assert.equal(await enrollmentOf(ready.voiceId), undefined);
  away = false;
  await withDashScope([voiceCreated()], async () => assert.equal((await ready.finalize()).status, 200));
});

Deno.test("an attempt that was superseded before it sends creates nothing", async () => {
  // Not `ready`: Deno 2.1 rewrites `await using`, and what stands before it does not see the name.
  let userId = "";
  const intercept: Intercept = (path, send) => {
    if (path !== "/rest/v1/rpc/clone_sending") return;
    return withDatabase((sql) =>
      sql`update private.voice_enrollments set attempt_id = gen_random_uuid() where user_id = ${userId}`
    ).then(send);
  };
  await using ready = await readyToFinalize({ intercept });
  userId = ready.userId;
  await withDashScope([], async () => assertError(await ready.finalize(), 409, "clone_in_progress"));
  assert.equal((await enrollmentOf(ready.voiceId))?.state, "claimed");
  assert.deepEqual(await countedSendings(ready.userId), { creates: 0, possible: 0 });
});

Deno.test("a replay does not wait for a storage that hangs", async () => {
  let hangs = false;
  const intercept: Intercept = (path, send) => {
    if (!hangs || !path.includes("/object/references/")) return send();
    return new Promise(() => {});
  };
  await using ready = await readyToFinalize({ intercept });
  await withDashScope([voiceCreated()], async () => {
    const first = await ready.finalize();
    hangs = true;
    assert.deepEqual((await ready.finalize()).body, first.body);
  });
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
