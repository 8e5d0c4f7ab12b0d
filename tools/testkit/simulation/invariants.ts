import type { CloneLimits } from "../../../supabase/functions/_shared/voices/enrollments.ts";
import type { Create } from "./fake_provider.ts";
import { key, referenceKey } from "./ledger_state.ts";
import type { World } from "./world.ts";

/** The invariants of docs/enrollment.md that a world breaks, each in words; empty when all hold. */
export function brokenInvariants(world: World, details: { transcripts: string[] }): string[] {
  const { ledger, provider, answers } = world;
  const broken = [...new Set(world.violations)];

  for (const { id, provider: kind, providerVoiceId, targetModel, region } of ledger.rows.values()) {
    if (kind !== "qwen") continue;
    if (!providerVoiceId || !targetModel || !region) broken.push(`1: ${id} is not ready for synthesis`);
    if (providerVoiceId && provider.deleted.has(providerVoiceId)) {
      broken.push(`${id} speaks with a voice that was deleted`);
    }
    if (providerVoiceId && ledger.orphans.has(key(region ?? "", providerVoiceId))) {
      broken.push(`${id} speaks with a voice that is recorded as an orphan`);
    }
  }
  const providerVoices = [...ledger.rows.values()].flatMap((row) => row.providerVoiceId ?? []);
  if (new Set(providerVoices).size < providerVoices.length) broken.push("1: two rows share a provider voice");

  const given = new Map<string, string>();
  for (const { voiceId, body } of answers) {
    if (!body) continue;
    const text = JSON.stringify(body);
    if ((given.get(voiceId) ?? text) !== text) {
      broken.push(`2: ${voiceId} answered ${given.get(voiceId)} and ${text}`);
    }
    given.set(voiceId, text);
    const wasUploaded = [...ledger.users].some((user) => world.uploads.has(referenceKey(user, voiceId)));
    if (!ledger.rows.has(voiceId) && wasUploaded) broken.push(`2: ${voiceId} answered 200 and has no row`);
  }

  for (const [voice, { region }] of provider.voices) {
    const inRow = providerVoices.includes(voice);
    if (provider.idShape !== "without the token" && !inRow && !ledger.orphans.has(key(region, voice))) {
      broken.push(`3: ${voice} is lost`);
    }
  }

  for (const line of world.logged) {
    if (line.includes("sk-simulation-key") || line.includes("?exp=")) {
      broken.push(`6: a secret is logged: ${line}`);
    }
    if (details.transcripts.some((text) => line.includes(text))) {
      broken.push(`6: a transcript is logged: ${line}`);
    }
  }
  return broken;
}

/** A create is counted when it is marked as sent, and goes out within the request's 120 s. */
const MARGIN_MS = 120_000;
const HOUR_MS = 3_600_000;

/** Where one user's creates went beyond the limits, each in words. */
export function brokenLimits(creates: readonly Create[], limits: CloneLimits): string[] {
  const made = creates.filter(({ landedAt }) => landedAt !== null);
  return [
    ...mostWithin(creates, HOUR_MS) > limits.attemptsPerHour
      ? ["more creates in an hour than may be sent"]
      : [],
    ...mostWithin(made, HOUR_MS) > limits.perHour ? ["more voices in an hour than may be made"] : [],
    ...mostWithin(made, 24 * HOUR_MS) > limits.perDay ? ["more voices in a day than may be made"] : [],
  ];
}

function mostWithin(creates: readonly Create[], spanMs: number): number {
  const counts = creates.map(({ sentAt: from }) =>
    creates.filter(({ sentAt }) => sentAt >= from && sentAt < from + spanMs - MARGIN_MS).length
  );
  return Math.max(0, ...counts);
}
