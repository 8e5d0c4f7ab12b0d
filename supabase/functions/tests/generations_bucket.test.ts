// The bucket of spoken audio past the function: over Storage as any browser could, and under a project's own policies.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { askProject, type BrowserRequest, signUp, sql } from "../../../tools/testkit/harness/project.ts";
import { keyed } from "../../../tools/testkit/harness/storage_contract.ts";

const [user, other] = [await signUp(), await signUp()];
const OWN = `${user.id}/${crypto.randomUUID()}.wav`;
const FOREIGN = `${other.id}/${crypto.randomUUID()}.wav`;
const bytes = new Uint8Array([82, 73, 70, 70]);
const asWav = { "content-type": "audio/wav" };

for (const key of [OWN, FOREIGN]) {
  const stored = await keyed(`/object/generations/${key}`, { method: "POST", body: bytes, headers: asWav });
  assert.equal(stored.status, 200, await stored.text());
}

const objects = async () =>
  JSON.stringify(
    await sql`select * from storage.objects where bucket_id = 'generations' and name in (${OWN}, ${FOREIGN},
      ${`${user.id}/new.wav`}) order by name`,
  );

Deno.test("the bucket is private and takes WAV alone, of 32 MiB at most", async () => {
  const [bucket] = await sql`
    select public, file_size_limit::int, allowed_mime_types from storage.buckets where id = 'generations'`;
  const rules = { public: false, file_size_limit: 32 * 1024 * 1024, allowed_mime_types: ["audio/wav"] };
  assert.deepEqual({ ...bucket }, rules);
});

for (const [caller, token] of Object.entries({ "a user": user.accessToken, "a stranger": undefined })) {
  Deno.test(`over Storage ${caller} can neither hear nor change what was spoken`, async () => {
    const before = await objects();
    const ask = (path: string, request: BrowserRequest = {}) =>
      askProject(`/storage/v1/object${path}`, { token, ...request });
    const wav = { body: bytes, headers: asWav };
    const fresh = `generations/${user.id}/new.wav`;
    for (const key of [OWN, FOREIGN]) {
      const attempts = {
        read: ask(`/generations/${key}`),
        "read as authenticated": ask(`/authenticated/generations/${key}`),
        "read as public": ask(`/public/generations/${key}`),
        sign: ask(`/sign/generations/${key}`, { method: "POST", body: { expiresIn: 60 } }),
        "sign an upload": ask(`/upload/sign/${fresh}`, { method: "POST" }),
        store: ask(`/${fresh}`, { method: "POST", ...wav }),
        overwrite: ask(`/generations/${key}`, { method: "PUT", ...wav }),
        remove: ask(`/generations/${key}`, { method: "DELETE" }),
      };
      for (const [what, attempt] of Object.entries(attempts)) {
        const { status, body } = await attempt;
        assert(status >= 400 && status < 500, `${what}: ${status} ${JSON.stringify(body)}`);
      }
      const prefix = key.split("/")[0];
      const listed = await ask("/list/generations", { method: "POST", body: { prefix } });
      assert(listed.status >= 400 || JSON.stringify(listed.body) === "[]", JSON.stringify(listed));
    }
    assert.equal(await objects(), before);
  });
}

/** Runs statements in a role while a policy allows everybody everything in every bucket, and undoes it all. */
async function underOpenPolicy(
  role: string,
  userId: string,
  use: (sql: postgres.TransactionSql) => Promise<void>,
): Promise<void> {
  const undo = new Error("undone");
  const undone = sql.begin(async (transaction) => {
    await transaction`
      create policy "of the project" on storage.objects
        for all to anon, authenticated using (true) with check (true)`;
    await transaction`insert into storage.buckets (id, name) values ('avatars', 'avatars')`;
    await transaction`
      select set_config('request.jwt.claims', ${JSON.stringify({ role, sub: userId || undefined })}, true),
        set_config('request.jwt.claim.sub', ${userId}, true)`;
    await transaction`set local role ${transaction(role)}`;
    await use(transaction);
    throw undo;
  });
  await assert.rejects(undone, undo);
}

for (const [role, userId, heard] of [["authenticated", user.id, [OWN]], ["anon", "", []]] as const) {
  Deno.test(`under a project's open policy, ${role} hears own audio at most and changes none`, async () => {
    await underOpenPolicy(role, userId, async (sql) => {
      const named = await sql`select name from storage.objects where name in (${OWN}, ${FOREIGN})`;
      assert.deepEqual(named.map(({ name }) => name), heard);
      assert.equal((await sql`update storage.objects set metadata = '{}' where name = ${OWN}`).count, 0);
      assert.equal((await sql`delete from storage.objects where name = ${OWN}`).count, 0);
      const store = (bucket: string) =>
        sql.savepoint((inner) =>
          inner`insert into storage.objects (bucket_id, name) values (${bucket}, ${`${user.id}/new.wav`})`
        );
      await assert.rejects(store("generations"), { code: "42501" });
      assert.equal((await store("avatars")).count, 1);
      await assert.rejects(
        sql.savepoint((inner) =>
          inner`update storage.objects set bucket_id = 'generations' where bucket_id = 'avatars'`
        ),
        { code: "42501" },
      );
    });
  });
}
