import { z } from "zod";
import { messageOf } from "../stack/terminal.ts";
import type { BenchClip } from "./bench_clips.ts";
import type { BenchStack } from "./bench_stack.ts";
import type { MeasuredFunction } from "./measured_function.ts";
import type { Signer } from "./signer.ts";

const session = z.object({ access_token: z.string(), user: z.object({ id: z.guid() }) });

/** `Auto` has the transcript's language detected, which is what costs most. */
const DETAILS = {
  name: "Grace",
  language: "Auto",
  transcript:
    "Hello, and thank you for trying voice cloning. This short recording is read at a calm and even pace.",
};

/** What a user of a bench's stack does; each call throws with what was answered when it is refused. */
export type Cloning = Awaited<ReturnType<typeof createCloning>>;

/**
 * Signs a user up, who may then clone voices.
 * @param options.signer signs the user's tokens in the place of the auth server
 */
export async function createCloning(
  { record }: Pick<BenchStack, "record">,
  { signer }: { signer?: Signer } = {},
) {
  async function send(url: string, init: RequestInit & { headers: Record<string, string> }): Promise<string> {
    const response = await fetch(url, { method: "POST", ...init });
    const text = await response.text();
    if (!response.ok) throw new Error(`${new URL(url).pathname} answers ${response.status}: ${text}`);
    return text;
  }

  const signedUp = await send(`${record.supabase_url}/auth/v1/signup`, {
    headers: { apikey: record.publishable_key, "content-type": "application/json" },
    body: JSON.stringify({ email: `${crypto.randomUUID()}@example.com`, password: crypto.randomUUID() }),
  });
  const { access_token: issued, user } = session.parse(JSON.parse(signedUp));
  const token = await signer?.sign(user.id) ?? issued;
  const asUser = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const asService = { authorization: `Bearer ${record.secret_key}`, apikey: record.secret_key };

  const post = (served: MeasuredFunction, path: string, body: unknown) =>
    send(`${served.url}${path}`, { headers: asUser, body: JSON.stringify(body) }).catch((cause) => {
      throw new Error(`${messageOf(cause)}\n${served.lastWords()}`, { cause });
    });

  return {
    userId: user.id,

    /** Where the clip of a voice lies in the bucket. */
    keyOf: (voiceId: string): string => `${user.id}/${voiceId}/reference.wav`,

    /** Puts a clip straight into the bucket, and gives the id of the voice that it may become. */
    async put(clip: BenchClip): Promise<string> {
      const voiceId = crypto.randomUUID();
      await send(`${record.supabase_url}/storage/v1/object/references/${user.id}/${voiceId}/reference.wav`, {
        headers: { ...asService, "content-type": clip.contentType },
        body: clip.bytes,
      });
      return voiceId;
    },

    /** Removes the clips of these voices. */
    async remove(voiceIds: string[]): Promise<void> {
      await send(`${record.supabase_url}/storage/v1/object/references`, {
        method: "DELETE",
        headers: { ...asService, "content-type": "application/json" },
        body: JSON.stringify({ prefixes: voiceIds.map((id) => `${user.id}/${id}/reference.wav`) }),
      });
    },

    /** Asks for an upload URL. */
    askForUpload: (served: MeasuredFunction): Promise<string> => post(served, "/clone/upload-url", DETAILS),

    /** Makes the voice. */
    finalize: (served: MeasuredFunction, voiceId: string): Promise<string> =>
      post(served, "/clone/finalize", { voice_id: voiceId, ...DETAILS }),
  };
}
