import assert from "node:assert/strict";
import { assertError, databaseAway, startApi } from "../../../tools/testkit/harness/api.ts";
import { keys, stack } from "../../../tools/testkit/harness/project.ts";
import { unusedIds, userRequests } from "../../../tools/testkit/harness/user_things.ts";
import { createVirtualClock } from "../../../tools/testkit/harness/virtual_clocks.ts";

const token = await keys.sign(crypto.randomUUID());

const ROUTES = {
  ...userRequests(unusedIds()),
  "POST /internal/work": { method: "POST", path: "/internal/work", body: undefined },
  "POST /internal/reconcile": { method: "POST", path: "/internal/reconcile", body: undefined },
};

const refused = () =>
  Response.json({ message: "column tasks.secret does not exist", code: "42703" }, { status: 400 });
const WRONG = "Something went wrong on our side.";

const unreachable = () => Promise.reject(new TypeError("error sending request"));
const AWAY = [
  503,
  "database_unavailable",
  "The database is not available right now. Try again shortly.",
] as const;

const ANSWERS = [
  ["that is away is 503 database_unavailable, to be asked again", databaseAway, AWAY, "5"],
  ["that cannot be reached is 503 database_unavailable, to be asked again", unreachable, AWAY, "5"],
  ["that refuses is 500 internal, and nothing of it is told", refused, [500, "internal", WRONG], null],
] as const;

for (const [name, { method, path, body }] of Object.entries(ROUTES)) {
  for (const [what, answered, [status, code, detail], retryAfter] of ANSWERS) {
    Deno.test(`${name}: a database ${what}`, async () => {
      await using api = await startApi({
        keys,
        intercept: (asked) => asked.startsWith("/rest/v1/") ? answered() : undefined,
        clock: createVirtualClock(),
        // It has a provider only where nothing is asked without one.
        environment: { TTS_PROVIDER_MODE: path === "/internal/work" ? "qwen" : "modal" },
      });
      const allowed = path.startsWith("/internal/") ? { headers: { apikey: stack.secret_key } } : { token };
      const answer = await api.call(method, path, { body, ...allowed });
      assertError(answer, status, code, detail, { "retry-after": retryAfter });
      const asked = api.supabaseRequests.filter(({ path }) => path.startsWith("/rest/v1/"));
      if (/voices/.test(path)) assert.equal(asked.length, 1, "a voice is asked for once");
    });
  }
}
