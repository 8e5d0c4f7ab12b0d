// Ids of every shape, and ids without the token, over the whole stack: one create a voice, whatever is lost.
import assert from "node:assert/strict";
import { z } from "zod";
import { internalReconcile } from "../../../supabase/functions/_shared/contract/internal_reconcile.ts";
import { type IdShape, TRACEABLE_SHAPES } from "../../simulator/voice_id_shapes.ts";
import { createCloning, type Upload } from "../../testkit/stack/cloning_users.ts";
import { runCommand } from "../../testkit/stack/launched_stack.ts";
import { readPrinted, runDoctor } from "../../operator/doctor/patient.ts";
import { startInProcessStack } from "../../testkit/stack/in_process_stack.ts";

const FINALIZES_A_SHAPE = 5;

const stack = await startInProcessStack();
const cloning = createCloning(stack);
const { record, sql } = stack;
const { simulator } = cloning;
const user = await cloning.signUp();
Deno.test.afterAll(stack.stop);

/** Ids of this shape from here on, at a simulator that has forgotten faults and calls. */
async function withIds(shape: IdShape): Promise<void> {
  await simulator.dropHeld();
  await simulator.set({ voice_ids: shape });
}

async function creates(): Promise<number> {
  return (await simulator.calls()).filter((call) => call.action === "create").length;
}

/** What a create made of this upload has for an id; throws unless there is exactly one voice of it. */
async function providerVoiceOf(upload: Upload): Promise<string> {
  const { voices, bill } = await simulator.voices();
  const own = voices.filter((voice) => voice.preferred_name === upload.preferredName);
  assert.deepEqual([own.length, bill.by_preferred_name[upload.preferredName]], [1, 1]);
  return own[0]?.voice ?? "";
}

/** The provider voice in the row; undefined when there is no row. */
async function savedVoiceOf(upload: Upload): Promise<unknown> {
  const [row] = await sql`select provider_voice_id from public.voices where id = ${upload.voiceId}`;
  return row?.provider_voice_id;
}

const problem = z.object({ code: z.string() });
const codeOf = ({ body }: { body: unknown }) => problem.parse(body).code;

for (const shape of TRACEABLE_SHAPES) {
  Deno.test(`ids of the shape "${shape}": a voice whose answer was lost is found, and made once`, async () => {
    await withIds(shape);
    for (let nth = 1; nth <= FINALIZES_A_SHAPE; nth++) {
      const upload = await cloning.upload(user);
      await simulator.addFaults({ action: "create", answer: { kind: "cut", when: "after" } });
      await cloning.assertSaved(upload);
      await cloning.assertSaved(upload);
      assert.equal(await savedVoiceOf(upload), await providerVoiceOf(upload));
      assert.equal(await creates(), nth);
    }
    const report = await cloning.reconcile();
    assert.deepEqual([report.orphans, report.foreign, report.unresolved, report.gone], [[], [], [], []]);
    assert.equal((await sql`select from private.ids_without_token`).length, 0);
  });

  Deno.test(`ids of the shape "${shape}": one that the first look-ups missed is found by the next finalize`, async () => {
    await withIds(shape);
    const upload = await cloning.upload(user);
    await simulator.addFaults(
      { action: "create", answer: { kind: "cut", when: "after" } },
      { action: "list", answer: { kind: "error", code: "InternalError" } },
    );
    assert.equal(codeOf(await cloning.finalize(upload)), "provider_unavailable");
    assert.equal(await savedVoiceOf(upload), undefined);
    await cloning.assertSaved(upload);
    assert.equal(await savedVoiceOf(upload), await providerVoiceOf(upload));
    assert.equal(await creates(), 1);
  });
}

/** `npm run reconcile` on this stack, and what it printed with `--json`. */
async function reconcile(...args: string[]) {
  const options = ["--api", record.api_url, ...args];
  const ran = await runCommand("reconcile.ts", [...options, "--json"], {
    SUPABASE_SECRET_KEY: record.secret_key,
  });
  assert.notEqual(ran.out, "", ran.err);
  return { code: ran.code, report: internalReconcile.answer.schema().loose().parse(JSON.parse(ran.out)) };
}

const examine = async () => {
  const printed = await runDoctor(["--api", record.api_url, "--json"], {
    SUPABASE_SECRET_KEY: record.secret_key,
  });
  return readPrinted(printed).checks.find(({ name }) => name === "voice ids");
};

/** Loses the answer of a create, and asserts what its user gets from then on. */
async function lose(upload: Upload, when: "before" | "after"): Promise<void> {
  const before = await creates();
  await simulator.addFaults({ action: "create", answer: { kind: "cut", when } });
  const first = await cloning.finalize(upload);
  assert.deepEqual([first.status, codeOf(first)], [504, "provider_timeout"]);
  await assertUndecided(upload);
  assert.equal(await creates(), before + 1);
}

async function assertUndecided(upload: Upload): Promise<void> {
  const before = await creates();
  const response = await cloning.finalizeWithHeaders(upload);
  assert.deepEqual([response.status, codeOf(response)], [409, "clone_in_progress"]);
  assert.equal(response.headers.get("retry-after"), "600");
  assert.equal(await creates(), before);
}

/** As if so much time had passed since the creates that are open were sent. */
const passed = (minutes: number) =>
  sql`
    update private.voice_enrollments set
      unresolved_since = unresolved_since - make_interval(mins => ${minutes})
    where unresolved_since is not null`;

Deno.test("ids without the token are noticed, and nothing is created over what no look-up can find", async (t) => {
  await withIds("without the token");
  const lost = await cloning.upload(user);

  await t.step("the first create that is answered is served, and is noticed", async () => {
    assert.equal((await examine())?.status, "ok");
    const upload = await cloning.upload(user);
    await cloning.assertSaved(upload);
    const id = await providerVoiceOf(upload);
    const check = await examine();
    assert.equal(check?.status, "failed");
    assert(check.detail.includes(`Region intl gave a voice the id ${id}, which does not carry our token`));
    assert.match(check.detail, / None is open\.$/);
    const warnings = () => stack.logged.filter((line) => line.includes("clone.id_without_token"));
    assert.equal(warnings().length, 1);
    const second = await cloning.upload(user);
    await cloning.assertSaved(second);
    assert.equal(warnings().length, 1, "once a process");
  });

  await t.step("a create that is lost before any list was kept: lists cannot decide it", async () => {
    await lose(lost, "after");
    assert.match((await examine())?.detail ?? "", / 1 is open\.$/);
    const own = (report: Awaited<ReturnType<typeof reconcile>>["report"]) =>
      report.unresolved.filter(({ voice_id }) => voice_id === lost.voiceId);
    for (let run = 1; run <= 2; run++) {
      const { code, report } = await reconcile("--repair");
      assert.equal(code, 2);
      assert.deepEqual(own(report), [{ voice_id: lost.voiceId, found: false, candidates: null }]);
    }
    await passed(60);
    assert.deepEqual((await reconcile("--repair")).report.unresolved.map(({ voice_id }) => voice_id), [
      lost.voiceId,
    ]);
    await assertUndecided(lost);
  });

  await t.step("--resolve with its id completes it with that voice", async () => {
    const id = await providerVoiceOf(lost);
    const wrong = await reconcile("--resolve", `${lost.voiceId}=no-such-voice`);
    assert.deepEqual([wrong.code, wrong.report.resolve_failed], [2, [lost.voiceId]]);
    const { code, report } = await reconcile("--resolve", `${lost.voiceId}=${id}`);
    assert.deepEqual([code, report.completed, report.unresolved, report.resolve_failed], [0, 1, [], []]);
    assert.equal(await savedVoiceOf(lost), id);
    const before = await creates();
    await cloning.assertSaved(lost);
    assert.equal(await creates(), before);
  });

  await t.step(
    "a create after a list: what is new in the next is its candidate, and it stays open",
    async () => {
      const upload = await cloning.upload(user);
      await lose(upload, "after");
      const id = await providerVoiceOf(upload);
      await passed(60);
      for (const args of [[], ["--repair"], ["--repair"]]) {
        const { code, report } = await reconcile(...args);
        assert.equal(code, 2);
        assert.deepEqual(report.unresolved, [{ voice_id: upload.voiceId, found: false, candidates: [id] }]);
      }
      await assertUndecided(upload);
      const printed = await runCommand("reconcile.ts", ["--api", record.api_url], {
        SUPABASE_SECRET_KEY: record.secret_key,
      });
      assert(
        printed.out.includes(
          `  npm run reconcile -- --api ${record.api_url} --resolve ${upload.voiceId}=${id}\n`,
        ),
        printed.out,
      );
      const other = await savedVoiceOf(lost);
      const taken = await reconcile("--resolve", `${upload.voiceId}=${other}`);
      assert.deepEqual(taken.report.resolve_failed, [upload.voiceId], "the voice of another row");
      assert.equal((await reconcile("--resolve", `${upload.voiceId}=${id}`)).code, 0);
      await cloning.assertSaved(upload);
      assert.equal(await providerVoiceOf(upload), await savedVoiceOf(upload));
    },
  );

  await t.step("a list that stays the same proves after ten minutes that nothing was made", async () => {
    const upload = await cloning.upload(user);
    await lose(upload, "before");
    for (let run = 1; run <= 2; run++) {
      const { code, report } = await reconcile("--repair");
      assert.deepEqual([code, report.released], [2, 0]);
      assert.deepEqual(report.unresolved, [{ voice_id: upload.voiceId, found: false, candidates: [] }]);
      await assertUndecided(upload);
    }
    await passed(11);
    const { code, report } = await reconcile("--repair");
    assert.deepEqual([code, report.released, report.unresolved], [0, 1, []]);
    assert(
      stack.logged.some((line) => line.includes("clone.proved_absent") && line.includes(upload.voiceId)),
    );
    await cloning.assertSaved(upload);
    assert.equal(await savedVoiceOf(upload), await providerVoiceOf(upload));
  });

  await t.step("--resolve with none ends it at once, and the next finalize creates", async () => {
    const upload = await cloning.upload(user);
    await lose(upload, "before");
    const { code, report } = await reconcile("--resolve", `${upload.voiceId}=none`);
    assert.deepEqual([code, report.released, report.unresolved, report.resolve_failed], [0, 1, [], []]);
    await cloning.assertSaved(upload);
    assert.equal(await savedVoiceOf(upload), await providerVoiceOf(upload));
    const again = await reconcile("--resolve", `${upload.voiceId}=none`);
    assert.deepEqual([again.code, again.report.resolve_failed], [2, [upload.voiceId]]);
  });

  await t.step("once ids carry the token again, the statement that the doctor prints ends it", async () => {
    await withIds("17 digits");
    const fix = (await examine())?.fix ?? "";
    const statement = /delete from private\.ids_without_token where region = 'intl';$/.exec(fix)?.[0];
    await sql.unsafe(statement ?? "");
    assert.equal((await examine())?.status, "ok");
    const upload = await cloning.upload(user);
    await simulator.addFaults({ action: "create", answer: { kind: "cut", when: "after" } });
    await cloning.assertSaved(upload);
    assert.equal(await savedVoiceOf(upload), await providerVoiceOf(upload));
  });
});
