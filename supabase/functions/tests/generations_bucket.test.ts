// The bucket of spoken audio past the function: over Storage as any browser could, and under a project's own policies.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { askProject } from "../../../tools/testkit/harness/browser.ts";
import { withDatabase } from "../../../tools/testkit/harness/database.ts";
import { keyed } from "../../../tools/testkit/harness/storage.ts";
import { signUp } from "../../../tools/testkit/harness/users.ts";

const user = await signUp();
const other = await signUp();
const OWN = `${user.id}/${crypto.randomUUID()}.wav`;
const FOREIGN = `${other.id}/${crypto.randomUUID()}.wav`;
const bytes = new Uint8Array([82, 73, 70, 70]);
const asWav = { "content-type": "audio/wav" };

for (const key of [OWN, FOREIGN]) {
  const stored = await keyed(`/object/generations/${key}`, { method: "POST", body: bytes, headers: asWav });
  assert.equal(stored.status, 200, await stored.text());
}

/** What of the bucket must not change here. */
const objects = () =>
  withDatabase(async (sql) =>
    JSON.stringify(
      await sql`select * from storage.objects where bucket_id = 'generations' and name in (${OWN}, ${FOREIGN},
        ${`${user.id}/new.wav`}) order by name`,
    )
  );

Deno.test("the bucket is private and takes WAV alone, of 32 MiB at most", async () => {
  const [bucket] = await withDatabase((sql) =>
    sql`select public, file_size_limit::int, allowed_mime_types from storage.buckets where id = 'generations'`
  );
  assert.deepEqual({ ...bucket }, {
    public: false,
    file_size_limit: 32 * 1024 * 1024,
    allowed_mime_types: ["audio/wav"],
  });
});

for (const [caller, token] of Object.entries({ "a user": user.accessToken, "a stranger": undefined })) {
  Deno.test(`over Storage ${caller} can neither hear nor change what was spoken`, async () => {
    const before = await objects();
    const object = "/storage/v1/object";
    const wav = { body: bytes, headers: asWav };
    for (const key of [OWN, FOREIGN]) {
      const attempts = {
        read: askProject(`${object}/generations/${key}`, { token }),
        "read as authenticated": askProject(`${object}/authenticated/generations/${key}`, { token }),
        "read as public": askProject(`${object}/public/generations/${key}`, { token }),
        sign: askProject(`${object}/sign/generations/${key}`, {
          token,
          method: "POST",
          body: { expiresIn: 60 },
        }),
        "sign an upload": askProject(`${object}/upload/sign/generations/${user.id}/new.wav`, {
          token,
          method: "POST",
        }),
        store: askProject(`${object}/generations/${user.id}/new.wav`, { token, method: "POST", ...wav }),
        overwrite: askProject(`${object}/generations/${key}`, { token, method: "PUT", ...wav }),
        remove: askProject(`${object}/generations/${key}`, { token, method: "DELETE" }),
      };
      for (const [what, attempt] of Object.entries(attempts)) {
        const { status, body } = await attempt;
        assert(status >= 400 && status < 500, `${what}: ${status} ${JSON.stringify(body)}`);
      }
      const listed = await askProject(`${object}/list/generations`, {
        token,
        method: "POST",
        body: { prefix: key.split("/")[0] },
      });
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
  const undone = withDatabase((sql) =>
    sql.begin(async (transaction) => {
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
    })
  );
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
