import assert from "node:assert/strict";
import { startLastingSupabase } from "./lasting_supabase.ts";

Deno.test("a database that goes again while a new Supabase starts is not served by that one", async () => {
  const starts: PromiseWithResolvers<void>[] = [];
  const closed: number[] = [];
  const lasting = await startLastingSupabase({
    async start() {
      const number = starts.length;
      const begun = Promise.withResolvers<void>();
      starts.push(begun);
      if (number === 0) begun.resolve();
      await begun.promise;
      return {
        fetch: () => Promise.resolve(new Response(String(number))),
        close: () => Promise.resolve(void closed.push(number)),
      };
    },
    log: () => {},
  });
  const served = async () => await (await lasting.fetch(new Request("http://127.0.0.1/"))).text();
  const until = async (holds: () => boolean) => {
    for (let left = 1000; left > 0 && !holds(); left--) await new Promise((resolve) => setTimeout(resolve));
    assert(holds());
  };
  assert.equal(await served(), "0");

  lasting.lose();
  lasting.renew();
  await until(() => starts.length === 2);
  lasting.lose();
  starts[1]?.resolve();
  lasting.renew();
  await until(() => starts.length === 3);
  starts[2]?.resolve();
  for (let left = 1000; left > 0 && await served() !== "2"; left--) {
    await new Promise((resolve) => setTimeout(resolve));
  }
  assert.equal(await served(), "2");
  assert.deepEqual(closed, [0, 1]);
  await lasting.close();
});
