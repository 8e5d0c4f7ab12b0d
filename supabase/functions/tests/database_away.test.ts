// Every route that asks the database, when it is away and when it refuses.
import assert from "node:assert/strict";
import { type Intercept, startApi } from "../../../tools/testkit/harness/api.ts";
import { createVirtualClock } from "../../../tools/testkit/harness/clock.ts";
import { DETAILS } from "../../../tools/testkit/harness/clone.ts";
import { assertError } from "../../../tools/testkit/harness/errors.ts";
import { stack } from "../../../tools/testkit/harness/stack.ts";
import { createSigningKeys } from "../../../tools/testkit/harness/users.ts";

const keys = await createSigningKeys();
const token = await keys.sign(crypto.randomUUID());
const id = crypto.randomUUID();

type Route = [method: string, path: string, body?: Record<string, unknown>];

const ROUTES: Route[] = [
  ["POST", "/clone/upload-url", DETAILS],
  ["POST", "/clone/finalize", { voice_id: id, ...DETAILS }],
  ["GET", "/voices"],
  ["GET", `/voices/${id}/preview`],
  ["DELETE", `/voices/${id}`],
  ["POST", "/generate", { voice_id: id, text: "Good evening." }],
  ["GET", `/tasks/${id}`],
  ["POST", `/tasks/${id}/cancel`],
  ["GET", `/generations/${id}/audio`],
  ["POST", "/internal/work"],
  ["POST", "/internal/reconcile"],
];

/** An API whose database answers everything like this; it has a provider only where nothing is asked without one. */
const startWith = (answer: () => Response, path: string) => {
  const intercept: Intercept = (asked) => asked.startsWith("/rest/v1/") ? answer() : undefined;
  return startApi({
    keys,
    intercept,
    clock: createVirtualClock(),
    environment: { TTS_PROVIDER_MODE: path === "/internal/work" ? "qwen" : "modal" },
  });
};

for (const [method, path, body] of ROUTES) {
  const name = `${method} ${path.replace(id, ":id")}`;
  const request = {
    body,
    ...path.startsWith("/internal/") ? { headers: { apikey: stack.secret_key } } : { token },
  };

  Deno.test(`${name}: a database that is away is 503 database_unavailable, to be asked again`, async () => {
    await using api = await startWith(
      () => Response.json({ message: "no connection", code: "PGRST000" }, { status: 503 }),
      path,
    );
    const answer = await api.call(method, path, request);
    assertError(answer, 503, "database_unavailable");
    assert.equal(answer.headers.get("retry-after"), "5");
  });

  Deno.test(`${name}: a database that refuses is 500 internal, and nothing of it is told`, async () => {
    await using api = await startWith(
      () => Response.json({ message: "column tasks.secret does not exist", code: "42703" }, { status: 400 }),
      path,
    );
    const answer = await api.call(method, path, request);
    assertError(answer, 500, "internal", "Something went wrong on our side.");
    assert.equal(answer.headers.get("retry-after"), null);
  });
}
