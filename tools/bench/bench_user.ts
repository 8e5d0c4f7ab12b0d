import type { ListeningProcess } from "../stack/function/function_command.ts";
import { z } from "zod";
import { messageOf } from "../stack/terminal.ts";
import type { SigningKeys } from "../testkit/signing_keys.ts";
import type { BenchClip } from "./bench_clips.ts";
import type { BenchStack } from "./bench_stack.ts";

/** A request as `fetch` takes it; its body is JSON where nothing else is said. */
export type UserRequest = { path: string; method: string; body?: BodyInit };

const DETAILS = {
  name: "Grace",
  language: "English",
  transcript:
    "Hello, and thank you for trying voice cloning. This short recording is read at a calm and even pace.",
};

const post = (path: string, body: unknown) => ({ path, method: "POST", body: JSON.stringify(body) });
const get = (path: string) => ({ path, method: "GET" });

/** A request to each user route, by the route's name; each call makes a new one, for a new voice. */
export const USER_REQUESTS = {
  "POST /clone/upload-url": () => post("/clone/upload-url", DETAILS),
  "POST /clone/finalize": () => post("/clone/finalize", { voice_id: crypto.randomUUID(), ...DETAILS }),
  "GET /voices": () => get("/voices"),
  "GET /voices/:id/preview": () => get(`/voices/${crypto.randomUUID()}/preview`),
  "DELETE /voices/:id": () => ({ path: `/voices/${crypto.randomUUID()}`, method: "DELETE" }),
  "POST /generate": () => post("/generate", { voice_id: crypto.randomUUID(), text: DETAILS.transcript }),
  "GET /tasks/:id": () => get(`/tasks/${crypto.randomUUID()}`),
  "POST /tasks/:id/cancel": () => ({ path: `/tasks/${crypto.randomUUID()}/cancel`, method: "POST" }),
  "GET /generations/:id/audio": () => get(`/generations/${crypto.randomUUID()}/audio`),
} satisfies Record<string, () => UserRequest>;

/**
 * Sends a request and reads the whole answer.
 * @throws with the answer, when it is neither 2xx nor a redirect, which is not followed
 */
export async function answered(
  base: string,
  { path, ...request }: UserRequest,
  headers: Record<string, string>,
): Promise<string> {
  const response = await fetch(base + path, { ...request, headers, redirect: "manual" });
  const text = await response.text();
  if (response.status >= 400) {
    throw new Error(`${request.method} ${path} answers ${response.status}: ${text}`);
  }
  return text;
}

const session = z.object({ access_token: z.string(), user: z.object({ id: z.guid() }) });
const JSON_BODY = { "content-type": "application/json" };

export type BenchUser = Awaited<ReturnType<typeof createBenchUser>>;

/**
 * Signs a user up who may clone voices. Each call throws with the answer when it is refused.
 * @param keys sign the user's tokens in place of the auth server
 */
export async function createBenchUser({ record }: Pick<BenchStack, "record">, keys?: SigningKeys) {
  const account = { email: `${crypto.randomUUID()}@example.com`, password: crypto.randomUUID() };
  const signedUp = await answered(record.supabase_url, post("/auth/v1/signup", account), {
    apikey: record.publishable_key,
    ...JSON_BODY,
  });
  const { access_token: issued, user: { id: userId } } = session.parse(JSON.parse(signedUp));
  const asUser = { authorization: `Bearer ${await keys?.sign(userId) ?? issued}`, ...JSON_BODY };
  const asService = { authorization: `Bearer ${record.secret_key}`, apikey: record.secret_key };
  // Detecting the transcript's language is what costs most.
  const details = { ...DETAILS, language: "Auto" };

  const ask = (served: ListeningProcess, request: UserRequest) =>
    answered(`${served.url}/api`, request, asUser).catch((cause) => {
      throw new Error(`${messageOf(cause)}\n${served.lastWords()}`, { cause });
    });
  const keyOf = (voiceId: string) => `${userId}/${voiceId}/reference.wav`;
  const BUCKET = "/storage/v1/object/references";

  return {
    userId,

    /** Where the clip of a voice lies in the bucket. */
    keyOf,

    /** Puts a clip straight into the bucket as often as this, and gives the ids of the voices to be. */
    async put({ bytes, contentType }: BenchClip, count: number): Promise<string[]> {
      const voiceIds = Array.from({ length: count }, () => crypto.randomUUID());
      for (const voiceId of voiceIds) {
        const upload = { path: `${BUCKET}/${keyOf(voiceId)}`, method: "POST", body: bytes };
        await answered(record.supabase_url, upload, { ...asService, "content-type": contentType });
      }
      return voiceIds;
    },

    /** Removes the clips of these voices. */
    async remove(voiceIds: string[]): Promise<void> {
      const removal = { ...post(BUCKET, { prefixes: voiceIds.map(keyOf) }), method: "DELETE" };
      await answered(record.supabase_url, removal, { ...asService, ...JSON_BODY });
    },

    /** Asks for an upload URL. */
    askForUpload: (served: ListeningProcess) => ask(served, post("/clone/upload-url", details)),

    /** Makes the voice. */
    finalize: (served: ListeningProcess, voiceId: string) =>
      ask(served, post("/clone/finalize", { voice_id: voiceId, ...details })),
  };
}
