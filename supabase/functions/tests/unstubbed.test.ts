// What makes a call that nobody stubbed fail a test.
import assert from "node:assert/strict";
import { setupServer } from "msw/node";
import { refuseUnstubbed } from "../../../tools/testkit/harness/unstubbed.ts";

Deno.test("a call that nobody stubbed fails and is noted, whatever is asked; one to this machine goes through", async () => {
  const unexpected: string[] = [];
  const server = setupServer();
  server.listen(refuseUnstubbed(unexpected));
  const here = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response("here"));
  try {
    // msw makes a 500 of it.
    for (const init of [{}, { method: "POST", body: "x" }]) {
      const answer = await fetch("https://nobody.invalid/a?b=c", init);
      assert.equal(answer.ok, false);
      await answer.text();
    }
    assert.equal(await (await fetch(`http://127.0.0.1:${here.addr.port}/`)).text(), "here");
  } finally {
    server.close();
    await here.shutdown();
  }
  assert.deepEqual(unexpected, [
    "a call nobody stubbed: GET https://nobody.invalid",
    "a call nobody stubbed: POST https://nobody.invalid",
  ]);
});
