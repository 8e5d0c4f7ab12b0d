// Loaded beforehand: loading takes real time, in which no virtual time goes by.
import "eld/small";
import type { FinalizeRequest } from "../../../supabase/functions/_shared/contract/finalize_voice.ts";
import type { CloneLimits } from "../../../supabase/functions/_shared/voices/enrollments.ts";
import { brokenInvariants, brokenLimits } from "./invariants.ts";
import { ODD_ANSWERS, type ProviderFaults } from "./fake_provider.ts";
import { type IdShape, TRACEABLE_SHAPES } from "../../simulator/voice_id_shapes.ts";
import { referenceKey } from "./ledger_state.ts";
import { type Fault, FAULTS } from "./process.ts";
import { createScheduler, START } from "./scheduler.ts";
import { createWorld, type Mutation, type World } from "./world.ts";

const MINUTE = 60_000;
const NO_LIMITS: CloneLimits = { attemptsPerHour: 1000, perHour: 1000, perDay: 1000 };
/** A provider's list may be this many milliseconds behind. */
const MOST_LAG_MS = 5_000;
const DAY_MS = 24 * 60 * MINUTE;
/** Faults stop after this; what is suspended or late by then goes on for as long as it takes. */
const STORM_MS = 20 * MINUTE;
const CALM_MS = 60 * MINUTE;
const TRANSCRIPTS = ["What was said in the clip.", "Something else was said."];
const USER = "0a000000-0000-4000-8000-000000000001";

/** What one schedule did, for the statistics. */
export type Outcome = ReturnType<typeof countsOf> & {
  seed: number;
  broken: string[];
  trace: string[];
  faults: Partial<Record<Fault, number>>;
};

/** Runs one schedule, wholly determined by its seed. */
export async function runSchedule(
  seed: number,
  mutation?: Mutation,
  options: { idShape?: IdShape; limits?: CloneLimits } = {},
): Promise<Outcome> {
  const scheduler = createScheduler(seed);
  const trace: string[] = [];
  const faults: Outcome["faults"] = {};
  let stormy = true;
  const note = (line: string) => {
    trace.push(`${((scheduler.now() - START) / 1000).toFixed(3).padStart(9)}  ${line}`);
  };

  const faultRate = [0.02, 0.08, 0.2, 0.35][scheduler.between(0, 3)] ?? 0.1;
  const drawFault = (call: string): Fault | null => {
    // A create is where money is, so more goes wrong there.
    const isCreate = call === "provider.create";
    if (!stormy || !scheduler.chance(isCreate ? Math.max(faultRate, 0.2) : faultRate)) return null;
    const fault = isCreate && scheduler.chance(0.3)
      ? "suspend"
      : FAULTS[scheduler.between(0, FAULTS.length - 1)] ?? "fail_before";
    faults[fault] = (faults[fault] ?? 0) + 1;
    return fault;
  };
  const answerRate = [0, 0.1, 0.4][scheduler.between(0, 2)] ?? 0.1;
  const providerFaults: ProviderFaults = {
    drawAnswer: () =>
      stormy && scheduler.chance(answerRate)
        ? ODD_ANSWERS[scheduler.between(0, ODD_ANSWERS.length - 1)] ?? "made"
        : "made",
    drawFailure: () =>
      stormy && scheduler.chance(answerRate / 2) ? (scheduler.chance(0.5) ? 429 : 500) : null,
  };
  const drawnShape = TRACEABLE_SHAPES[scheduler.between(0, TRACEABLE_SHAPES.length - 1)] ?? "17 digits";
  const idShape = options.idShape ?? mutation?.idShape ?? drawnShape;
  const isTraceable = idShape !== "without the token";
  const world = createWorld({
    scheduler,
    drawFault,
    faults: providerFaults,
    users: [USER],
    idShape,
    limits: options.limits ?? NO_LIMITS,
    listLagMs: scheduler.chance(0.5) ? 0 : scheduler.between(1, MOST_LAG_MS),
    mutation,
    trace: note,
  });
  const bodies = Array.from({ length: scheduler.between(1, 3) }, (_, index) => bodyOf(index, 0));
  for (const body of bodies) {
    // Some uploads are about as old as those that are swept.
    const age = scheduler.chance(0.2) ? DAY_MS - scheduler.between(0, 10 * MINUTE) : 0;
    world.uploads.set(referenceKey(USER, body.voice_id), { uploadedAt: START - age });
  }

  for (const [index] of bodies.entries()) {
    for (let client = scheduler.between(1, 4); client > 0; client--) {
      const body = bodyOf(index, scheduler.chance(0.1) ? 1 : 0);
      scheduler.at(START + scheduler.between(0, 5 * MINUTE), () => void runClient(world, body));
    }
  }
  for (let count = scheduler.between(0, 6); count > 0; count--) {
    const request = { repair: true, ...(scheduler.chance(0.5) ? { purge_older_than_days: 0 } : {}) };
    scheduler.at(START + scheduler.between(0, STORM_MS), () => {
      world.start("reconcile").reconcile(request).catch((error) => note(`reconcile ends: ${error}`));
    });
  }
  if (scheduler.chance(0.25)) {
    const from = START + scheduler.between(0, 6 * MINUTE);
    scheduler.at(from, () => world.mode = "modal");
    scheduler.at(from + scheduler.between(0, 10 * MINUTE), () => world.mode = "qwen");
  }
  if (scheduler.chance(0.05)) {
    scheduler.at(START + scheduler.between(0, 6 * MINUTE), () => {
      note("the user is deleted");
      world.ledger.users.delete(USER);
      for (const [id, row] of world.ledger.rows) if (row.userId === USER) world.ledger.rows.delete(id);
    });
  }

  if (scheduler.chance(0.1)) {
    const refused = bodies[0]?.voice_id ?? "";
    world.ledger.refusedInserts.add(refused);
    scheduler.at(START + scheduler.between(0, STORM_MS), () => world.ledger.refusedInserts.delete(refused));
  }

  await scheduler.runUntil(START + STORM_MS);
  note("faults stop");
  world.ledger.refusedInserts.clear();
  stormy = false;
  world.mode = "qwen";
  await scheduler.runUntil(START + STORM_MS + CALM_MS);

  const broken: string[] = [];
  const settle = async () => {
    const ends = bodies.map((body) => world.request(USER, body));
    await scheduler.runUntil(scheduler.now() + 10 * MINUTE);
    const answers = await Promise.all(ends.map((end) => Promise.race([end, Promise.resolve(undefined)])));
    for (const [index, answer] of answers.entries()) {
      // Only whoever left a clip for a day may hear that there is nothing.
      const upload = `${USER}/${bodies[index]?.voice_id}`;
      const isSwept = world.ledger.entries.get(upload)?.region === "swept";
      const allowed = world.ledger.users.has(USER) ? [200, ...(isSwept ? [404] : []), 409, 422] : [401];
      if (options.limits) allowed.push(429);
      const definite = answer && allowed.includes(answer.status) &&
        (answer.code !== "clone_in_progress" || !isTraceable);
      const ended = answer ? `${answer.status} ${answer.code}` : "no answer";
      if (!definite) broken.push(`8: voice ${index} ends in ${ended}`);
    }
  };
  await settle();
  const repaired = world.start("reconcile").reconcile({ repair: true });
  repaired.catch((error) => broken.push(`reconcile fails without faults: ${error}`));
  await scheduler.runUntil(scheduler.now() + 10 * MINUTE);
  await settle();

  broken.push(...brokenInvariants(world, { transcripts: TRANSCRIPTS }));
  for (const body of bodies) {
    if (world.ledger.rows.has(body.voice_id) && !world.uploads.has(referenceKey(USER, body.voice_id))) {
      broken.push(`5: the reference of ${body.voice_id} is gone`);
    }
  }
  if (options.limits) broken.push(...brokenLimits(world.provider.creates, options.limits));
  const counts = countsOf(world);
  if (isTraceable && counts.landedLate + counts.explained < counts.orphans) {
    broken.push("4: an orphan that no creation landing after its look-up explains");
  }
  scheduler.end();
  return { seed, broken, trace, faults, ...counts };
}

function bodyOf(index: number, variant: number): FinalizeRequest {
  return {
    voice_id: `${index}${index}000000-0000-4000-8000-00000000000${index + 1}`,
    name: variant === 0 ? "Grace" : "Ada",
    language: "English",
    transcript: TRANSCRIPTS[variant] ?? "",
    description: null,
  };
}

/** A client that comes back until it has a definite answer, or loses patience, or hangs up and asks again. */
async function runClient(world: World, body: FinalizeRequest): Promise<void> {
  const { scheduler } = world;
  const pause = (ms: number) => new Promise<void>((resolve) => scheduler.at(scheduler.now() + ms, resolve));
  for (let tries = scheduler.between(2, 12); tries > 0; tries--) {
    const patience = scheduler.chance(0.2) ? scheduler.between(100, 10_000) : 150_000;
    const answer = await Promise.race([world.request(USER, body), pause(patience).then(() => null)]);
    if (answer && (answer.status < 429 && answer.code !== "clone_in_progress")) return;
    await pause(scheduler.between(0, 60_000));
  }
}

/** What came of a world's creates, and why some of their voices are orphans. */
function countsOf({ ledger, provider }: World) {
  const landedLate = [...ledger.orphans.values()].filter((orphan) => {
    const { token } = provider.creates.find((item) => item.voice === orphan.providerVoiceId) ?? {};
    const group = provider.creates.filter((create) =>
      create.token === token &&
      (provider.voices.has(create.voice ?? "") || provider.deleted.has(create.voice ?? ""))
    );
    return group.some((create) =>
      group.some((later) =>
        later.sentAt > create.sentAt &&
        provider.lists.some(({ time, attempt }) =>
          attempt === later.attempt && time >= create.sentAt && time <= later.sentAt &&
          time < (create.landedAt ?? 0) + provider.listLagMs
        )
      )
    );
  });
  const others = [...ledger.orphans.values()].filter((orphan) => !landedLate.includes(orphan));
  const explained = others.filter((orphan) => {
    const row = ledger.rows.get(orphan.voiceId);
    return row?.provider === "modal" || !ledger.users.has(orphan.userId);
  });
  return {
    finalized: ledger.rows.size,
    creates: provider.creates.length,
    orphans: ledger.orphans.size,
    /** Orphans whose group has a creation that landed after the look-up that missed it. */
    landedLate: landedLate.length,
    /** Orphans left because modal saved its row first or the user was deleted. */
    explained: explained.length,
  };
}
