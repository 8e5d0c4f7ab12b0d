// What a deleted account leaves behind goes with the next repair, and nothing of anybody else.
import assert from "node:assert/strict";
import { LEDGER_DETAILS } from "./harness/claims.ts";
import { withDatabase } from "./harness/database.ts";
import { readyToReconcile, type Reconciling } from "./harness/reconciling.ts";
import { signUp } from "./harness/users.ts";

const AUDIO = new Uint8Array([82, 73, 70, 70]);
const DAY_AND_HOUR = 25;

type Bucket = "references" | "generations";

/** Stores an object, as if so many hours ago. */
async function store(ready: Reconciling, bucket: Bucket, key: string, hours = 1): Promise<string> {
  const { error } = await ready.storage.from(bucket).upload(key, AUDIO, { contentType: "audio/wav" });
  assert.equal(error, null);
  await withDatabase((sql) =>
    sql`update storage.objects set created_at = clock_timestamp() - make_interval(secs => ${hours * 3_600})
      where bucket_id = ${bucket} and name = ${key}`
  );
  return `${bucket}/${key}`;
}

/** Which of these objects are there, read through Storage. */
async function stored(ready: Reconciling, objects: string[]): Promise<string[]> {
  const found = await Promise.all(objects.map(async (object) => {
    const [bucket = "", ...key] = object.split("/");
    const response = await ready.storage.get(bucket, key.join("/"), {});
    await response.arrayBuffer();
    return response.ok ? [object] : [];
  }));
  return found.flat();
}

const deleteAccount = (userId: string) =>
  withDatabase((sql) => sql`delete from auth.users where id = ${userId}`);

/** The whole ledger of a user, as text. */
const ledgerOf = (userId: string) =>
  withDatabase(async (sql) =>
    JSON.stringify([
      await sql`select * from private.voice_enrollments where user_id = ${userId} order by voice_id`,
      await sql`select * from private.clone_sendings where user_id = ${userId}`,
    ])
  );

const addSending = (userId: string) =>
  withDatabase((sql) =>
    sql`insert into private.clone_sendings (attempt_id, user_id) values (gen_random_uuid(), ${userId})`
  );

/** A text of this user's that is spoken, or whose task stands so; the key of its audio. */
async function generation(
  userId: string,
  voiceId: string,
  status: "completed" | "pending" | "processing" | "failed",
): Promise<string> {
  const id = crypto.randomUUID();
  const key = `${userId}/${id}.wav`;
  const isOver = status === "completed" || status === "failed";
  const isLeased = status === "processing";
  await withDatabase(async (sql) => {
    await sql`
      insert into public.generations (id, user_id, voice_id, text, language, tts_provider, provider_target_model,
        audio_object_key, completed_at)
      values (${id}, ${userId}, ${voiceId}, 'Hello.', 'English', 'qwen', 'model',
        ${status === "completed" ? key : null}, ${status === "completed" ? sql`now()` : null})`;
    await sql`
      insert into public.tasks (id, user_id, type, status, provider, generation_id, voice_id, error, completed_at,
        lease_id, lease_expires_at)
      values (gen_random_uuid(), ${userId}, 'generate', ${status}, 'qwen', ${id}, ${voiceId},
        ${status === "failed" ? "It failed." : null}, ${isOver ? sql`now()` : null},
        ${isLeased ? sql`gen_random_uuid()` : null}, ${isLeased ? sql`now()` : null})`;
  });
  return key;
}

Deno.test("a deleted account: rows go at once, objects and ledger details with the next repair, the provider voice with the purge", async () => {
  const ready = await readyToReconcile();
  await ready.reconcile({ repair: true });
  const leaver = await signUp();
  const saved = await ready.enter({ userId: leaver.id, state: "finalized", leased: true });
  const providerVoiceId = await ready.seed(saved.name, "2025-01-01T00:00:00.000Z");
  await ready.addRow({ userId: leaver.id, voiceId: saved.voiceId, providerVoiceId });
  const lost = await ready.enter({ userId: leaver.id, state: "sending", unresolved: true });
  await addSending(leaver.id);
  await addSending(ready.userId);
  const stayer = await ready.enter({ state: "sending", unresolved: true });
  const others = [await store(ready, "references", ready.references.key(ready.userId, stayer.voiceId))];
  const ledgerOfOthers = await ledgerOf(ready.userId);
  const objects = [
    await store(ready, "references", ready.references.key(leaver.id, saved.voiceId)),
    await store(ready, "references", ready.references.key(leaver.id, lost.voiceId)),
    await store(ready, "generations", await generation(leaver.id, saved.voiceId, "completed")),
  ];
  await ready.reconcile({ repair: true });
  assert.deepEqual(await stored(ready, objects), objects, "while there is an account, nothing goes");
  const before = await ledgerOf(leaver.id);
  assert(before.includes(LEDGER_DETAILS.transcript));
  const hashes = [...before.matchAll(/[0-9a-f]{64}/g)].map(([hash]) => hash);
  assert.equal(hashes.length, 2);

  await deleteAccount(leaver.id);
  const rows = await withDatabase((sql) =>
    sql`select id from public.voices where user_id = ${leaver.id}
      union all select id from public.generations where user_id = ${leaver.id}
      union all select id from public.tasks where user_id = ${leaver.id}`
  );
  assert.equal(rows.length, 0);

  const told = await ready.reconcile();
  assert.deepEqual([told.details_erased, told.objects_erased], [2, objects.length]);
  assert.deepEqual(await stored(ready, objects), objects, "a report removes nothing");

  const done = await ready.reconcile({ repair: true });
  assert.deepEqual([done.details_erased, done.objects_erased], [2, objects.length]);
  assert.deepEqual(await stored(ready, objects), []);
  const ledger = await ledgerOf(leaver.id);
  for (const words of Object.values(LEDGER_DETAILS)) {
    if (words !== null && words !== "Auto") assert(!ledger.includes(words), words);
  }
  for (const hash of hashes) assert(!ledger.includes(hash), "nor can words be tried against a hash");
  assert(ledger.endsWith(",[]]"), "no sending is left");
  assert.deepEqual(await ready.orphans(), [[providerVoiceId, "listed", ""]]);
  assert.equal(await ledgerOf(ready.userId), ledgerOfOthers);
  assert.deepEqual(await stored(ready, others), others);

  const again = await ready.reconcile({ repair: true });
  assert.deepEqual([again.details_erased, again.objects_erased], [0, 0]);
  await ready.age(8 * 86_400);
  await ready.reconcile({ purge_older_than_days: 7 });
  assert.deepEqual(ready.atProvider(), []);
});

Deno.test("a lost voice of a deleted user that is found after its details were erased becomes an orphan, not a row", async () => {
  const ready = await readyToReconcile();
  const leaver = await signUp();
  const { voiceId, name } = await ready.enter({ userId: leaver.id, state: "sending", unresolved: true });
  await deleteAccount(leaver.id);
  assert.equal((await ready.reconcile({ repair: true })).details_erased, 1);

  const found = await ready.seed(name);
  const report = await ready.reconcile({ repair: true });
  assert(!report.unresolved.some((entry) => entry.voice_id === voiceId));
  assert.deepEqual(await ready.orphans(), [[found, "user_deleted", ""]]);
  const rows = await withDatabase((sql) => sql`select from public.voices where id = ${voiceId}`);
  assert.equal(rows.length, 0);
});

Deno.test("what a running finalize of a deleted user holds is erased once its lease is over", async () => {
  const ready = await readyToReconcile();
  const leaver = await signUp();
  await ready.enter({ userId: leaver.id, state: "sending", leased: true });
  const refused = await ready.enter({ userId: leaver.id, state: "rejected", leased: true });
  await deleteAccount(leaver.id);
  assert.equal((await ready.reconcile()).details_erased, 1, `of ${refused.voiceId}, which is over`);
  assert.equal((await ready.reconcile({ repair: true })).details_erased, 1);
  await withDatabase((sql) =>
    sql`update private.voice_enrollments set lease_expires_at = clock_timestamp() where user_id = ${leaver.id}`
  );
  assert.equal((await ready.reconcile({ repair: true })).details_erased, 1);
});

Deno.test("audio that no generation has goes after a day; audio that is heard, or still worked on, stays", async () => {
  const ready = await readyToReconcile();
  const voiceId = await ready.addRow({ provider: "modal" });
  const key = () => `${ready.userId}/${crypto.randomUUID()}.wav`;
  const withoutTask = await generation(ready.userId, voiceId, "completed");
  await withDatabase((sql) =>
    sql`delete from public.tasks t using public.generations g
      where g.id = t.generation_id and g.audio_object_key = ${withoutTask}`
  );
  const kept = [
    await store(ready, "generations", await generation(ready.userId, voiceId, "completed"), DAY_AND_HOUR),
    await store(ready, "generations", await generation(ready.userId, voiceId, "pending"), DAY_AND_HOUR),
    await store(ready, "generations", await generation(ready.userId, voiceId, "processing"), DAY_AND_HOUR),
    await store(ready, "generations", withoutTask, DAY_AND_HOUR),
    await store(ready, "generations", await generation(ready.userId, voiceId, "failed"), 23),
    await store(ready, "generations", key(), 23),
    await store(ready, "generations", `samples/${crypto.randomUUID()}.wav`, DAY_AND_HOUR),
    await store(ready, "generations", `${ready.userId}/exports/album.wav`, DAY_AND_HOUR),
    await store(ready, "references", key(), DAY_AND_HOUR),
  ];
  const forgotten = [
    await store(ready, "generations", await generation(ready.userId, voiceId, "failed"), DAY_AND_HOUR),
    await store(ready, "generations", key(), DAY_AND_HOUR),
  ];
  assert.equal((await ready.reconcile({ repair: true })).objects_erased, forgotten.length);
  assert.deepEqual(await stored(ready, [...kept, ...forgotten]), kept);
});

Deno.test("a clip that a row names stays, whoever the row belongs to", async () => {
  const ready = await readyToReconcile();
  // As in a table of the older flow, whose foreign key did not judge the rows that were there.
  const key = `${crypto.randomUUID()}/${crypto.randomUUID()}/reference.wav`;
  const object = await store(ready, "references", key);
  const voiceId = await ready.addRow({ provider: "modal" });
  await withDatabase((sql) =>
    sql`update public.voices set reference_object_key = ${key} where id = ${voiceId}`
  );
  assert.equal((await ready.reconcile({ repair: true })).objects_erased, 0);
  assert.deepEqual(await stored(ready, [object]), [object]);
});

Deno.test("below a folder of nobody's, only what this project makes goes, and not within ten minutes", async () => {
  const ready = await readyToReconcile();
  const [nobody, voiceId] = [crypto.randomUUID(), crypto.randomUUID()];
  const kept = [
    await store(ready, "references", `${nobody}/team/logo.wav`),
    await store(ready, "references", `${nobody}/${voiceId}/another.wav`),
    await store(ready, "references", `samples/${nobody}/${voiceId}/reference.wav`),
    await store(ready, "references", `${nobody}/${crypto.randomUUID()}/reference.wav`, 0.1),
    await store(ready, "generations", `${nobody}/${voiceId}/reference.wav`),
    await store(ready, "generations", `${nobody}/${crypto.randomUUID()}.wav`, 0.1),
  ];
  const forgotten = [
    await store(ready, "references", `${nobody}/${voiceId}/reference.wav`),
    await store(ready, "generations", `${nobody}/${voiceId}.wav`),
  ];
  assert.equal((await ready.reconcile({ repair: true })).objects_erased, forgotten.length);
  assert.deepEqual(await stored(ready, [...kept, ...forgotten]), kept);
});

Deno.test("a provider that is not well keeps nobody's data from being erased", async () => {
  const ready = await readyToReconcile();
  const leaver = await signUp();
  const { voiceId } = await ready.enter({ userId: leaver.id, state: "sending", unresolved: true });
  const clip = await store(ready, "references", ready.references.key(leaver.id, voiceId));
  await deleteAccount(leaver.id);
  await ready.control("POST", "/faults", {
    action: "list",
    times: 2,
    answer: { kind: "error", code: "InvalidApiKey" },
  });
  await assert.rejects(ready.reconcile(), { code: "provider_misconfigured" });
  assert.deepEqual(await stored(ready, [clip]), [clip], "a report removes nothing");
  await assert.rejects(ready.reconcile({ repair: true }), { code: "provider_misconfigured" });
  assert.deepEqual(await stored(ready, [clip]), []);
  assert(!(await ledgerOf(leaver.id)).includes(LEDGER_DETAILS.transcript));
});

/** Clips of nobody's, of which one is stored; the other rows are enough, for they are what the bucket lists. */
async function storeMany(ready: Reconciling, count: number, hours = 1): Promise<string[]> {
  const nobody = crypto.randomUUID();
  const names = Array.from({ length: count }, () => `${nobody}/${crypto.randomUUID()}/reference.wav`);
  const [first = "", ...rest] = names;
  await store(ready, "references", first, hours);
  await withDatabase((sql) =>
    sql`
      insert into storage.objects (bucket_id, name, metadata, created_at)
      select bucket_id, unnest(${rest}::text[]), metadata, created_at from storage.objects where name = ${first}`
  );
  return names;
}

const forget = (names: string[]) =>
  withDatabase((sql) => sql`delete from storage.objects where name = any(${names})`);

Deno.test("more objects than a page go in one batch, and a removal that failed is made up for", async () => {
  let refuse = true;
  const ready = await readyToReconcile({
    intercept: (call) =>
      refuse && call === "storage.delete" ? Response.json({ message: "down" }, { status: 503 }) : undefined,
  });
  const names = await storeMany(ready, 520);
  assert.equal((await ready.reconcile()).objects_erased, 500, "a report looks at one page");
  await assert.rejects(ready.reconcile({ repair: true }), { code: "storage_unavailable" });
  refuse = false;
  assert.equal((await ready.reconcile({ repair: true })).objects_erased, names.length);
  assert.deepEqual(await stored(ready, names.slice(0, 1).map((name) => `references/${name}`)), []);
});

Deno.test("a Storage that removes nothing is not asked without end, and nothing counts as erased", async () => {
  let asked = 0;
  const ready = await readyToReconcile({
    intercept(call) {
      if (call !== "storage.delete") return undefined;
      return ++asked > 5 ? Response.json({ message: "without end" }, { status: 503 }) : Response.json([]);
    },
  });
  const names = await storeMany(ready, 500, DAY_AND_HOUR);
  try {
    const report = await ready.reconcile({ repair: true });
    assert.deepEqual([report.objects_erased, report.uploads_swept], [0, 0]);
    assert.equal(asked, 2);
  } finally {
    await forget(names);
  }
});

Deno.test("a batch whose time is over begins no other page, and says that there is more", async () => {
  const ready = await readyToReconcile({
    intercept(call) {
      if (call === "forgotten_objects") ready.clock.advance(91_000);
      return undefined;
    },
  });
  const names = await storeMany(ready, 520);
  const report = await ready.reconcile({ repair: true });
  assert.deepEqual([report.objects_erased, report.more], [500, true]);
  assert.equal(ready.calls.includes("unclaimed_uploads"), false);
  assert.equal(
    (await readyToReconcile().then(({ reconcile }) => reconcile({ repair: true }))).objects_erased,
    20,
  );
  assert.equal(names.length, 520);
});

Deno.test("a report counts an abandoned clip of a user who is gone once, and no mark of what was swept", async () => {
  const ready = await readyToReconcile();
  const leaver = await signUp();
  await store(ready, "references", ready.references.key(leaver.id, crypto.randomUUID()), DAY_AND_HOUR);
  await deleteAccount(leaver.id);
  const told = await ready.reconcile();
  assert.deepEqual([told.details_erased, told.objects_erased, told.uploads_swept], [0, 1, 0]);

  const swept = await signUp();
  await store(ready, "references", ready.references.key(swept.id, crypto.randomUUID()), DAY_AND_HOUR);
  assert.equal((await ready.reconcile({ repair: true })).uploads_swept, 1);
  await deleteAccount(swept.id);
  assert.equal((await ready.reconcile()).details_erased, 0);
});
