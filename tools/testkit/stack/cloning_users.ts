import assert from "node:assert/strict";
import { z } from "zod";
import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";
import { createUploadUrl } from "../../../supabase/functions/_shared/contract/create_upload_url.ts";
import { internalReconcile } from "../../../supabase/functions/_shared/contract/internal_reconcile.ts";
import { preferredName } from "../../../supabase/functions/_shared/tts/providers/qwen_customization.ts";
import { enrollmentToken } from "../../../supabase/functions/_shared/tts/token.ts";
import { wav } from "../../simulator/test_client.ts";
import type { InProcessStack } from "./in_process_stack.ts";
import { createSimulatorControl } from "./simulator_control.ts";

const session = z.object({ access_token: z.string(), user: z.object({ id: z.guid() }) });

const NAME = "Grace";
const DETAILS = { name: NAME, language: "English", transcript: "Hello, and thank you." };

/** Answers after which a client comes again: another finalize is under way, or something was away. */
const COME_AGAIN = [409, 500, 502, 503, 504];
/** How often a client comes again before it gives up. */
const MOST_TRIES = 20;

export type User = { id: string; token: string };

/** A clip that was uploaded and may be finalized. */
export type Upload = {
  user: User;
  voiceId: string;
  objectKey: string;
  clip: Bytes;
  /** How the provider's bill names it. */
  preferredName: string;
};

/** An answer read whole; status 0 when the connection broke. */
export type Answer = { status: number; body: unknown };

/** Sends JSON on a connection of its own: Deno sends a request again when a connection that it kept breaks. */
export async function postJson(
  url: string,
  headers: Record<string, string>,
  body?: unknown,
): Promise<Answer & { headers: Headers }> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", connection: "close", ...headers },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json");
    return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers };
  } catch {
    return { status: 0, body: null, headers: new Headers() };
  }
}

/** What clients of a stack do, and what an operator sees of it. */
export function createCloning({ record, sql }: Pick<InProcessStack, "record" | "sql">) {
  assert.ok(record.simulator_url);
  const simulator = createSimulatorControl(record.simulator_url);
  const post = (path: string, headers: Record<string, string>, body: unknown) =>
    postJson(`${record.api_url}${path}`, headers, body);

  const finalizeWithHeaders = (upload: Upload) =>
    post("/clone/finalize", { authorization: `Bearer ${upload.user.token}` }, {
      voice_id: upload.voiceId,
      ...DETAILS,
    });

  const finalize = async (upload: Upload): Promise<Answer> => {
    const { status, body } = await finalizeWithHeaders(upload);
    return { status, body };
  };

  /** Lets every lease run out, as time would; only to be used while nothing is under way. */
  const endLeases = async (): Promise<void> =>
    void await sql`
      update private.voice_enrollments set lease_expires_at = clock_timestamp() - interval '1 second'
      where lease_expires_at > clock_timestamp()`;

  /** What this finalize answers once it is done, however often it is repeated. */
  const saved = (upload: Upload): Answer => ({
    status: 200,
    body: { id: upload.voiceId, name: NAME },
  });

  async function storedClip(objectKey: string): Promise<Uint8Array> {
    const url = `${record.supabase_url}/storage/v1/object/references/${objectKey}`;
    const headers = { apikey: record.secret_key, authorization: `Bearer ${record.secret_key}` };
    const response = await fetch(url, { headers });
    assert.equal(response.status, 200);
    return await response.bytes();
  }

  /**
   * Asserts that each upload ended in one row with one provider voice, made of its own clip, with nothing left open and the
   * clip as it was uploaded, and that every provider voice made for it is in the row or recorded as an orphan.
   * `creates` and `orphans`: for each upload.
   */
  async function assertExactlyOne(
    uploads: Upload[],
    { creates = 1, orphans = 0 }: { creates?: number; orphans?: number } = {},
  ): Promise<void> {
    const [database, provider] = [await readDatabase(sql), await simulator.voices()];

    for (const { voiceId, ...upload } of uploads) {
      const [row, ...more] = database.voices.filter(({ id }) => id === voiceId);
      assert.deepEqual([row?.user_id, more], [upload.user.id, []], "one row");
      assert.equal(provider.bill.by_preferred_name[upload.preferredName], creates, "what was billed");
      const made = provider.voices.filter(({ preferred_name }) => preferred_name === upload.preferredName);
      const saved = made.find(({ voice }) => voice === row?.provider_voice_id);
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", upload.clip)).toHex();
      assert.equal(saved?.audio?.sha256, digest, "the row's voice is made of this clip");
      assert.deepEqual(
        database.ledger.filter(({ voice_id }) => voice_id === voiceId),
        [{ voice_id: voiceId, state: "finalized", unresolved: false }],
      );
      const recorded = database.orphans.filter(({ voice_id }) => voice_id === voiceId);
      assert.equal(recorded.length, orphans, "what is recorded as an orphan");
      assert.deepEqual(
        [row, ...recorded].map((one) => one?.provider_voice_id).toSorted(),
        made.map(({ voice }) => voice).toSorted(),
        "every provider voice is in the row or recorded as an orphan",
      );
      assert.deepEqual(await storedClip(upload.objectKey), upload.clip, "the clip as it was uploaded");
    }
  }

  return {
    simulator,
    finalize,
    finalizeWithHeaders,
    endLeases,

    async signUp(): Promise<User> {
      const response = await fetch(`${record.supabase_url}/auth/v1/signup`, {
        method: "POST",
        headers: { apikey: record.publishable_key, "content-type": "application/json" },
        body: JSON.stringify({ email: `${crypto.randomUUID()}@example.com`, password: crypto.randomUUID() }),
      });
      const { access_token: token, user } = session.parse(await response.json());
      return { id: user.id, token };
    },

    /** Uploads a clip that no other upload has: `mark` is written into its samples. */
    async upload(user: User, mark = 0): Promise<Upload> {
      const answer = await post("/clone/upload-url", { authorization: `Bearer ${user.token}` }, DETAILS);
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      const { voice_id: voiceId, upload_url, object_key } = createUploadUrl.answer.schema().parse(
        answer.body,
      );
      const clip = wav({ seconds: 3 });
      new DataView(clip.buffer).setUint32(clip.length - 4, mark, true);
      const headers = { "content-type": "audio/wav" };
      const response = await fetch(upload_url, { method: "PUT", headers, body: clip });
      assert.equal(response.status, 200, await response.text());
      const token = await enrollmentToken(user.id, voiceId);
      return { user, voiceId, objectKey: object_key, clip, preferredName: preferredName(NAME, token) };
    },

    /**
     * Repeats a finalize while its answer says to come again, and gives all answers. Leases run out in between, in
     * place of the time a client waits, so nothing else may be under way.
     */
    async finalizeUntilSettled(upload: Upload): Promise<Answer[]> {
      const answers: Answer[] = [];
      do {
        await endLeases();
        answers.push(await finalize(upload));
      } while (COME_AGAIN.includes(answers.at(-1)?.status ?? 0) && answers.length < MOST_TRIES);
      return answers;
    },

    /** Runs batches with repair until there is no more, and gives the last report. */
    async reconcile() {
      for (let batches = 1; batches <= MOST_TRIES; batches++) {
        const headers = { apikey: record.secret_key };
        const { status, body } = await post("/internal/reconcile", headers, { repair: true });
        if (status === 502 || status === 503) continue;
        assert.equal(status, 200, JSON.stringify(body));
        const report = internalReconcile.answer.schema().parse(body);
        if (!report.more) return report;
      }
      throw new Error("reconcile does not come to an end");
    },

    saved,
    /** Finalizes, and asserts that the answer is the saved voice. */
    assertSaved: async (upload: Upload): Promise<void> =>
      assert.deepEqual(await finalize(upload), saved(upload)),
    readDatabase: () => readDatabase(sql),
    assertExactlyOne,
  };
}

export type Cloning = ReturnType<typeof createCloning>;

const voiceRows = z.array(z.object({ id: z.guid(), user_id: z.guid(), provider_voice_id: z.string() }));
const ledgerRows = z.array(z.object({ voice_id: z.guid(), state: z.string(), unresolved: z.boolean() }));
const orphanRows = z.array(z.object({ provider_voice_id: z.string(), voice_id: z.guid().nullable() }));

/** What the database holds of all voices. */
async function readDatabase(sql: InProcessStack["sql"]) {
  return {
    voices: voiceRows.parse(await sql`select id, user_id, provider_voice_id from public.voices`),
    ledger: ledgerRows.parse(
      await sql`
        select voice_id, state, unresolved_since is not null as unresolved from private.voice_enrollments`,
    ),
    orphans: orphanRows.parse(await sql`select provider_voice_id, voice_id from private.orphaned_voices`),
  };
}
