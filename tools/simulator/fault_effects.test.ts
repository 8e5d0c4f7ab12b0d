// What a fault does to a create and to a synthesis, before and after it takes effect.
import assert from "node:assert/strict";
import { z } from "zod";
import type { FaultRequest } from "./faults.ts";
import { type Answer, audioUrlOf, createTestApp, voiceOf } from "./test_client.ts";

const seeded = z.object({ voices: z.tuple([z.string()]) });

/** A simulator with one seeded voice; `call` makes the action's call, `effects` counts those that took effect. */
async function setUp(action: "create" | "synthesize") {
  const { app, client } = createTestApp();
  const { voices: [voice] } = seeded.parse((await client.control("POST", "/voices")).body);
  const verbs = {
    create: {
      call: () => client.create(),
      effects: () => app.bill().total,
      assertRight: (answer: Answer) => assert(app.voices().some((made) => made.voice === voiceOf(answer))),
    },
    synthesize: {
      call: () => client.synthesize(voice),
      effects: () => app.bill().syntheses,
      assertRight: async (answer: Answer) =>
        assert.equal((await client.download(audioUrlOf(answer))).status, 200),
    },
  };
  return { app, client, ...verbs[action] };
}

/** Looks until one call is being delayed, in a bounded number of turns of the event loop. */
async function untilDelayed(client: ReturnType<typeof createTestApp>["client"]): Promise<void> {
  for (let turn = 0; turn < 10_000; turn++) {
    if (Object((await client.control("GET", "")).body).delayed === 1) return;
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
  }
  assert.fail("No call was delayed.");
}

const isPage = (body: unknown) => assert.match(String(body), /^<html>/);
const hasOutput = (output: unknown) => (body: unknown) => assert.deepEqual(Object(body).output, output);

const wrong: [FaultRequest["answer"] & object, status: number, assertBody: (body: unknown) => void][] = [
  [{ kind: "error", code: "InternalError" }, 500, (body) => assert.equal(Object(body).code, "InternalError")],
  [{ kind: "html" }, 502, isPage],
  [{ kind: "html", status: 200 }, 200, isPage],
  [{ kind: "no_voice" }, 200, hasOutput({})],
  [{ kind: "no_audio" }, 200, hasOutput({ finish_reason: "stop", audio: { data: "" } })],
];

for (const action of ["create", "synthesize"] as const) {
  for (const when of ["before", "after"] as const) {
    const took = when === "after" ? 1 : 0;

    for (const [answer, status, assertBody] of wrong) {
      Deno.test(`${JSON.stringify(answer)} ${when} a ${action} takes effect`, async () => {
        const { app, client, call, effects } = await setUp(action);
        app.addFaults({ action, answer: { ...answer, when } });
        assert.equal((await client.list()).status, 200);
        const seen = await call();
        assert.equal(seen.status, status);
        assertBody(seen.body);
        assert.equal(effects(), took);
        assert.deepEqual(app.calls().map((one) => one.action), ["list", action]);
      });
    }

    for (const kind of ["cut", "unfinished"] as const) {
      Deno.test(`a connection that breaks, ${kind}, ${when} a ${action} takes effect`, async () => {
        const { app, call, effects } = await setUp(action);
        app.addFaults({ action, answer: { kind, when } });
        await assert.rejects(call(), { name: "ConnectionCut" });
        assert.equal(effects(), took);
      });
    }

    Deno.test(`a ${action} held ${when} it takes effect waits for its release, and holds no other call up`, async () => {
      const { app, client, call, effects, assertRight } = await setUp(action);
      await client.control("POST", "/faults", { action, hold: when });
      const pending = call();
      const held = await client.control("GET", "/held?wait_ms=10000");
      assert.deepEqual(held, { status: 200, body: { held: [{ id: 1, action, when }] } });
      assert.equal(effects(), took);
      assert.equal((await client.list()).status, 200);
      assert.equal((await call()).status, 200);
      assert.deepEqual((await client.control("POST", "/release")).body, { released: 1 });
      await assertRight(await pending);
      assert.deepEqual(app.held(), []);
      assert.equal(effects(), 2);
    });

    Deno.test(`a ${action} cut while it is held ${when} it takes effect`, async () => {
      const { app, client, call, effects } = await setUp(action);
      app.addFaults({ action, hold: when });
      const pending = assert.rejects(call(), { name: "ConnectionCut" });
      assert.equal(await app.waitForHeld(1, 10_000), true);
      await client.control("DELETE", "");
      await pending;
      assert.equal(effects(), took);
    });

    Deno.test(`a ${action} delayed ${when} it takes effect`, async () => {
      const { app, client, call, effects } = await setUp(action);
      // Far longer than the test may take: it ends by the reset, and never by the clock.
      app.addFaults({ action, delay: { ms: 600_000, when } });
      const pending = assert.rejects(call(), { name: "ConnectionCut" });
      await untilDelayed(client);
      await client.control("DELETE", "");
      await pending;
      assert.equal(effects(), took);
      app.addFaults({ action, delay: { ms: 1, when } });
      assert.equal((await call()).status, 200);
    });
  }
}
