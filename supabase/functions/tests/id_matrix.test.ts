import assert from "node:assert/strict";
import { listVoices } from "../_shared/contract/list_voices.ts";
import { type Answer, appRoutes, assertError } from "../../../tools/testkit/harness/api.ts";
import { newUser } from "../../../tools/testkit/harness/project.ts";
import { readyToSpeak } from "../../../tools/testkit/harness/speaking.ts";
import {
  createThings,
  everythingOf,
  unusedIds,
  type UserRequest,
  userRequests,
} from "../../../tools/testkit/harness/user_things.ts";

const FINALIZE = "POST /clone/finalize";
const WITHOUT_ID = ["GET /languages", "GET /voices", "POST /clone/upload-url"];

/** A request to every other route with this id. */
function attemptsWith(id: string): [route: string, request: UserRequest][] {
  const requests = Object.entries(userRequests({ voiceId: id, taskId: id, generationId: id }));
  return requests.filter(([route]) => !WITHOUT_ID.includes(route));
}

/** Everything in an answer, but for what is new with every request. */
function tellingOf({ status, headers, body }: Answer): unknown {
  const named = [...headers].filter(([name]) => name !== "x-request-id" && name !== "date");
  return { status, headers: named, body: { ...Object(body), request_id: undefined } };
}

Deno.test("the matrix has every route of the app", async () => {
  const known = attemptsWith(crypto.randomUUID()).map(([route]) => route);
  assert.deepEqual((await appRoutes()).forUsers, [...WITHOUT_ID, ...known].sort());
  for (const [route, { path, body }] of attemptsWith("the-id")) {
    assert(JSON.stringify([path, body]).includes("the-id"), route);
  }
});

Deno.test("whatever is tried with another's id is answered as if there were nothing, and changes nothing", async () => {
  await using speaking = await readyToSpeak();
  const { api, simulator, token: ownersToken, userId: owner } = speaking;
  const things = await createThings(speaking);
  const stranger = await newUser();
  const { token } = stranger;
  const before = await everythingOf(owner);
  const counts = Object.values(before).map((found) => found.length);
  assert.deepEqual(counts, [3, 5, 5, 6, 0, 1, 10], "what is there to be changed");
  const calls = simulator.calls().length;

  const ask = ({ method, path, body }: UserRequest) => api.call(method, path, { token, body });
  const ofNothing = new Map<string, Answer>();
  for (const [route, request] of attemptsWith(unusedIds().voiceId)) {
    const answer = await ask(request);
    ofNothing.set(route, answer);
    if (route === FINALIZE) assertError(answer, 400, "reference_missing", "Audio file not uploaded.");
    else assertError(answer, 404, "not_found");
  }
  for (const { what, kind, id } of things) {
    for (const [route, request] of [...attemptsWith(id), ...attemptsWith(id.toUpperCase())]) {
      const answer = await ask(request);
      const expected = ofNothing.get(route);
      assert(expected);
      // An id that has a row can never become this user's voice, so the clip is not what is missing.
      if (route === FINALIZE && kind === "voice") assertError(answer, 404, "not_found", "Voice not found.");
      else assert.deepEqual(tellingOf(answer), tellingOf(expected), `${route} with ${what}`);
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
    const own = async (path: string) => (await api.call("GET", path, { token: ownersToken })).status;
    if (kind === "task") assert.equal(await own(`/tasks/${id}`), 200, what);
    const file = kind === "voice" ? `/voices/${id}/preview` : `/generations/${id}/audio`;
    if (/live|modal|generation of a completed/.test(what)) assert.equal(await own(file), 302, what);
  }
});
