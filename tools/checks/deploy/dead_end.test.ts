import assert from "node:assert/strict";
import { startDeadEnd } from "./dead_end.ts";

Deno.test("who is asked through it is noted, and not reached", async () => {
  const outside = startDeadEnd();
  const client = Deno.createHttpClient({ proxy: { url: outside.url } });
  try {
    await assert.rejects(fetch("https://host.invalid/path", { client }));
    await assert.rejects(fetch("http://host.invalid/path", { client }));
    assert.match(outside.asked[0] ?? "", /^CONNECT host\.invalid:443 /);
    assert.match(outside.asked.at(-1) ?? "", /^GET http:\/\/host\.invalid\/path /);
  } finally {
    client.close();
    await outside.stop();
  }
});
