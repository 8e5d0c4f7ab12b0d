import assert from "node:assert/strict";
import { openDatabase } from "../stack/postgres/project_database.ts";
import { startBenchStack } from "./bench_stack.ts";
import { createCloning } from "./cloning.ts";
import { growth } from "./growth.ts";
import { createLedgerRows } from "./ledger_rows.ts";

Deno.test("a finalize is measured with more voices and with larger clips, beside the fewest and the smallest", async () => {
  const logged: string[] = [];
  const stack = await startBenchStack((line) => logged.push(line));
  try {
    const rows = await growth.run(stack, { quick: true, ending: new AbortController().signal }).catch(
      (error) => {
        throw new Error(logged.join("\n"), { cause: error });
      },
    );
    assert.deepEqual(rows.map(({ what, against, ratioLimit }) => [what, against, ratioLimit]), [
      ["100 voices of the user", "10 voices", 1.3],
      ["a clip of 1 MB", "a clip of 0.1 MB", 1.3],
    ]);

    const { userId } = await createCloning(stack);
    const seeded = createLedgerRows(stack.record.database_url, userId);
    const sql = openDatabase(stack.record.database_url);
    const countRows = async () => {
      const [counted] = await sql`select
        (select count(*)::integer from public.voices where user_id = ${userId}) as voices,
        (select count(*)::integer from private.voice_enrollments where user_id = ${userId}) as ledger,
        (select count(*)::integer from private.clone_sendings) as sent`;
      return { ...counted };
    };
    for (const count of [20, 5, 0]) {
      await seeded.setTo(count);
      assert.deepEqual(await countRows(), { voices: count, ledger: count, sent: count });
    }
    await sql.end();
    await seeded.close();
  } finally {
    await stack.stop();
  }
});
