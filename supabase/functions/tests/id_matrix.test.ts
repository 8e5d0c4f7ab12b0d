// A user tries everything with another user's ids.
import assert from "node:assert/strict";
import { createApp } from "../api/app.ts";
import { createServices } from "../api/services.ts";
import { loadConfig } from "../_shared/config.ts";
import { listVoices } from "../_shared/contract/list_voices.ts";
import { type Answer, environmentOf } from "../../../tools/testkit/harness/api.ts";
import { DETAILS } from "../../../tools/testkit/harness/clone.ts";
import { assertError } from "../../../tools/testkit/harness/errors.ts";
import { createThings, everythingOf } from "../../../tools/testkit/harness/others_things.ts";
import { readyToSpeak } from "../../../tools/testkit/harness/speaking.ts";
import { signUp } from "../../../tools/testkit/harness/users.ts";

type Attempt = (id: string) => { path: string; body?: unknown };

/** Every route for users: how an id is put into it, or null where there is no place for one. A new route belongs here. */
const ROUTES: Record<string, Attempt | null> = {
  "GET /languages": null,
  "POST /clone/upload-url": null,
  "POST /clone/finalize": (id) => ({ path: "/clone/finalize", body: { ...DETAILS, voice_id: id } }),
  "GET /voices": null,
  "GET /voices/:id/preview": (id) => ({ path: `/voices/${id}/preview` }),
  "DELETE /voices/:id": (id) => ({ path: `/voices/${id}` }),
  "POST /generate": (id) => ({ path: "/generate", body: { voice_id: id, text: "Hello." } }),
  "GET /tasks/:id": (id) => ({ path: `/tasks/${id}` }),
  "POST /tasks/:id/cancel": (id) => ({ path: `/tasks/${id}/cancel` }),
  "GET /generations/:id/audio": (id) => ({ path: `/generations/${id}/audio` }),
};

/** Everything that an answer tells, but for what is new with every request. */
function told({ status, headers, body }: Answer): unknown {
  const named = [...headers].filter(([name]) => name !== "x-request-id" && name !== "date");
  return { status, headers: named, body: { ...Object(body), request_id: undefined } };
}

Deno.test("the matrix has every route of the app", async () => {
  const app = createApp({ ...await createServices(await loadConfig(environmentOf())), keepAlive() {} });
  const routes = app.routes.filter(({ method, path }) =>
    method !== "ALL" && !path.startsWith("/api/internal")
  )
    .map(({ method, path }) => `${method} ${path.replace("/api", "")}`);
  assert.deepEqual([...new Set(routes)].sort(), Object.keys(ROUTES).sort());
  const unfilled = routes.filter((route) => route.includes(":") && !ROUTES[route]);
  assert.deepEqual(unfilled, []);
});

Deno.test("whatever is tried with another's id is answered as if there were nothing, and changes nothing", async () => {
  await using speaking = await readyToSpeak();
  const { api, keys, simulator, token: ownersToken, userId: owner } = speaking;
  const things = await createThings(speaking);
  const stranger = await signUp();
  const token = await keys.sign(stranger.id);
  const before = await everythingOf(owner);
  const counts = Object.values(before).map((found) => found.length);
  assert.deepEqual(counts, [3, 5, 5, 6, 0, 1, 10], "what is there to be changed");
  const calls = simulator.calls().length;

  for (const [route, attempt] of Object.entries(ROUTES)) {
    if (!attempt) continue;
    const [method = ""] = route.split(" ");
    const ask = (id: string) => {
      const { path, body } = attempt(id);
      return api.call(method, path, { token, body });
    };
    const ofNothing = await ask(crypto.randomUUID());
    const isFinalize = route === "POST /clone/finalize";
    if (isFinalize) assertError(ofNothing, 400, "reference_missing", "Audio file not uploaded.");
    else assertError(ofNothing, 404, "not_found");

    for (const { what, kind, id } of things) {
      for (const written of [id, id.toUpperCase()]) {
        const answer = await ask(written);
        if (isFinalize && kind === "voice") {
          // An id that has a row can never become this user's voice, so the clip is not what is missing.
          assertError(answer, 404, "not_found", "Voice not found.");
        } else {
          assert.deepEqual(told(answer), told(ofNothing), `${route} with ${what}`);
        }
      }
    }
  }
  await api.settled();

  assert.deepEqual(await everythingOf(owner), before);
  assert.equal(simulator.calls().length, calls, "the provider was asked");
  assert.deepEqual(Object.values(await everythingOf(stranger.id)).flat(), []);
  const { voices } = listVoices.answer.schema().parse((await api.call("GET", "/voices", { token })).body);
  assert.deepEqual(voices, []);

  // The ids are good ones: their owner has what is behind them.
  for (const { what, kind, id } of things) {
    if (kind === "task") {
      assert.equal((await api.call("GET", `/tasks/${id}`, { token: ownersToken })).status, 200, what);
    }
    const own = kind === "voice" ? `/voices/${id}/preview` : `/generations/${id}/audio`;
    const isThere = /live|modal|generation of a completed/.test(what);
    if (isThere) assert.equal((await api.call("GET", own, { token: ownersToken })).status, 302, what);
  }
});
