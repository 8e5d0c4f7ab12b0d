// What holds for all of the operator's routes.
import assert from "node:assert/strict";
import { startApi } from "../../../tools/testkit/harness/api.ts";
import { assertError } from "../../../tools/testkit/harness/errors.ts";
import { stack } from "../../../tools/testkit/harness/stack.ts";

const PATHS = ["/internal/reconcile", "/internal/work", "/internal/check"];

Deno.test("the operator's routes take no body over 64 KiB, and are not there for anyone else", async () => {
  await using api = await startApi();
  for (const path of PATHS) {
    const body = `{"padding":"${"x".repeat(65_536)}"}`;
    assertError(
      await api.call("POST", path, { headers: { apikey: stack.secret_key }, body }),
      413,
      "payload_too_large",
    );
    assertError(
      await api.call("POST", path, { body }),
      404,
      "not_found",
      "There is nothing at this address.",
    );
  }
  assert.deepEqual(api.supabaseRequests, []);
});
