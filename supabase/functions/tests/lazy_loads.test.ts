// What is loaded by the first request that needs it: a load that fails is tried again with the next one.
import assert from "node:assert/strict";
import { createServices } from "../api/services.ts";
import { loadConfig } from "../_shared/config.ts";
import { once } from "../_shared/once.ts";
import { createKeptLog, environmentOf } from "../../../tools/testkit/harness/api.ts";
import { startEntrypoint } from "../../../tools/testkit/harness/entrypoint.ts";
import { stack } from "../../../tools/testkit/harness/project.ts";
import { DETAILS } from "../../../tools/testkit/harness/reference.ts";

Deno.test("a load is made once, shared while it is under way, and kept", async () => {
  let loads = 0;
  const load = once(() => Promise.resolve({ number: ++loads }));
  const [first, second] = await Promise.all([load(), load()]);
  assert.equal(first, second);
  assert.equal(await load(), first);
  assert.equal(loads, 1);
});

Deno.test("a load that failed fails for all who waited for it, and is made again by the next", async () => {
  let loads = 0;
  const load = once(() => loads++ === 0 ? Promise.reject(new Error("no")) : Promise.resolve("there"));
  const waiting = await Promise.allSettled([load(), load()]);
  assert.deepEqual(waiting.map(({ status }) => status), ["rejected", "rejected"]);
  assert.equal(loads, 1);
  assert.equal(await load(), "there");
});

Deno.test("a load that throws at once is made again too", async () => {
  let loads = 0;
  const load = once((): Promise<string> => {
    if (loads++ === 0) throw new Error("no");
    return Promise.resolve("there");
  });
  await assert.rejects(load);
  assert.equal(await load(), "there");
});

Deno.test("what clones is loaded again after a load that failed", async () => {
  let reads = 0;
  const config = {
    ...await loadConfig(environmentOf()),
    get referenceAudioPolicy(): "enforce" {
      if (reads++ === 0) throw new Error("the load fails");
      return "enforce";
    },
  };
  const send = () => Promise.resolve(Response.json({ outcome: "conflict" }));
  const services = await createServices(config, { fetch: send });
  const { log } = createKeptLog();
  const details = { ...DETAILS, language: "English" as const, description: null };
  const request = { voice_id: crypto.randomUUID(), ...details };
  const finalize = () => services.finalize(crypto.randomUUID(), request, log);
  await assert.rejects(finalize, /the load fails/);
  await assert.rejects(finalize, { code: "clone_conflict" });
  await assert.rejects(finalize, { code: "clone_conflict" });
  assert.equal(reads, 2);
});

Deno.test("the deployed file loads its routes again after a load that failed, and logs the failure", async () => {
  // The client of Supabase is the first to make a URL of the project's origin; that fails once.
  const before = `
    const RealURL = URL;
    let failed = false;
    globalThis.URL = class extends RealURL {
      constructor(...given) {
        if (!failed && String(given[0]).startsWith("${stack.supabase_url}")) {
          failed = true;
          throw new Error("the load fails");
        }
        super(...given);
      }
    };`;
  await using api = await startEntrypoint(environmentOf(), { before });
  // Whoever comes first, a request or the load that waits for none, is the one that fails.
  const statuses: number[] = [];
  for (let asked = 0; asked < 3; asked++) {
    const response = await fetch(`${api.url}/voices`);
    statuses.push(response.status);
    await response.body?.cancel();
  }
  assert.deepEqual(statuses.slice(1), [401, 401]);
  await api.stop();
  const events = api.logged.map((line) => JSON.parse(line).event);
  assert.equal(events.filter((event) => event === "load.failed").length, 1, api.logged.join("\n"));
});
