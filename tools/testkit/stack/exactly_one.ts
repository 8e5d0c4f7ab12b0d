import assert from "node:assert/strict";
import { z } from "zod";
import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";
import type { Cloning, Upload } from "./cloning.ts";
import type { FinalizeStack } from "./finalize_stack.ts";

const voiceRows = z.array(z.object({ id: z.guid(), user_id: z.guid(), provider_voice_id: z.string() }));
const ledgerRows = z.array(z.object({ voice_id: z.guid(), state: z.string(), unresolved: z.boolean() }));
const orphanRows = z.array(z.object({ provider_voice_id: z.string(), voice_id: z.guid().nullable() }));

/** What the database holds of all voices. */
export async function readDatabase(sql: FinalizeStack["sql"]) {
  return {
    voices: voiceRows.parse(await sql`select id, user_id, provider_voice_id from public.voices`),
    ledger: ledgerRows.parse(
      await sql`
        select voice_id, state, unresolved_since is not null as unresolved from private.voice_enrollments`,
    ),
    orphans: orphanRows.parse(await sql`select provider_voice_id, voice_id from private.orphaned_voices`),
  };
}

/**
 * Asserts that each upload ended in one row with one provider voice, made of its own clip, with nothing left open and the
 * clip as it was uploaded, and that every provider voice made for it is in the row or recorded as an orphan.
 * `creates`: what each upload cost, in creates, and how many of its provider voices are recorded as orphans.
 */
export async function assertExactlyOne(
  { sql, cloning }: { sql: FinalizeStack["sql"]; cloning: Cloning },
  uploads: Upload[],
  { creates = 1, orphans = 0 }: { creates?: number; orphans?: number } = {},
): Promise<void> {
  const [database, provider] = [await readDatabase(sql), await cloning.simulator.voices()];

  for (const upload of uploads) {
    const rows = database.voices.filter(({ id }) => id === upload.voiceId);
    assert.equal(rows.length, 1, "one row");
    const [row] = rows;
    assert.equal(row?.user_id, upload.user.id);
    assert.equal(provider.bill.by_preferred_name[upload.preferredName], creates, "what was billed");
    const made = provider.voices.filter(({ preferred_name }) => preferred_name === upload.preferredName);
    const saved = made.find(({ voice }) => voice === row?.provider_voice_id);
    assert.equal(saved?.audio?.sha256, await sha256(upload.clip), "the row's voice is made of this clip");
    assert.deepEqual(
      database.ledger.filter(({ voice_id }) => voice_id === upload.voiceId),
      [{ voice_id: upload.voiceId, state: "finalized", unresolved: false }],
    );
    const recorded = database.orphans.filter(({ voice_id }) => voice_id === upload.voiceId);
    assert.equal(recorded.length, orphans, "what is recorded as an orphan");
    assert.deepEqual(
      [row, ...recorded].map((one) => one?.provider_voice_id).toSorted(),
      made.map(({ voice }) => voice).toSorted(),
      "every provider voice is in the row or recorded as an orphan",
    );
    assert.deepEqual(await cloning.storedClip(upload), upload.clip, "the clip as it was uploaded");
  }
}

async function sha256(bytes: Bytes): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
