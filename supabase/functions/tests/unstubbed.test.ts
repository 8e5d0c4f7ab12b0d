import assert from "node:assert/strict";
import { setupServer } from "msw/node";
import { serveLocally } from "../../../tools/testkit/harness/api.ts";
import { refuseUnstubbed } from "../../../tools/testkit/harness/dashscope.ts";

Deno.test("a call that nobody stubbed fails and is noted, whatever is asked; one to this machine goes through", async () => {
  const unexpected: string[] = [];
  const server = setupServer();
  server.listen(refuseUnstubbed(unexpected));
  await using here = serveLocally(() => new Response("here"));
  try {
    // msw makes a 500 of it.
    for (const init of [{}, { method: "POST", body: "x" }]) {
      const answer = await fetch("https://nobody.invalid/a?b=c", init);
      assert.equal(answer.ok, false);
      await answer.text();
    }
    assert.equal(await (await fetch(here.url)).text(), "here");
  } finally {
    server.close();
  }
  assert.deepEqual(unexpected, [
    "a call nobody stubbed: GET https://nobody.invalid",
    "a call nobody stubbed: POST https://nobody.invalid",
  ]);
});
