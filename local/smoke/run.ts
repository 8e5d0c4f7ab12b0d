import { z } from "zod";
import type { Clip } from "./clip.ts";
import { parseJson, request, SmokeFailure } from "./http.ts";
import { problemsOf, type Row, rowSchema } from "./row.ts";

/** Where to clone a voice, and which. */
export interface SmokeRun {
  /** Base URL of the API, without a slash at its end. */
  readonly api: string;
  /** Base URL of the project; only needed without a token. */
  readonly supabase?: string;
  /** The publishable key. */
  readonly key?: string;
  /** A user's access token; without it a user is signed up. */
  readonly token?: string;
  readonly clip: Clip;
  readonly name: string;
  readonly language: string;
  /** Gets one line a step. */
  readonly print: (line: string) => void;
  readonly fetch?: typeof fetch;
  /** For each request in milliseconds: 150,000, the longest the platform lets a function take, if not said. */
  readonly timeoutMs?: number;
}

/**
 * Signs up, asks for an upload URL, PUTs the clip, finalizes, lists, and checks that the voice stands in the list as
 * the API's provider promises. Returns its row. Throws SmokeFailure whose message names the step and the reason.
 */
export async function runSmoke(run: SmokeRun): Promise<Row> {
  const { api, clip, print, fetch: send = fetch, timeoutMs = 150_000 } = run;
  const json = { "content-type": "application/json" };
  const apiKey: Record<string, string> = run.key === undefined ? {} : { apikey: run.key };
  const post = (url: string, headers: Record<string, string>, body: unknown) =>
    request(send, url, {
      method: "POST",
      headers: { ...json, ...headers },
      body: JSON.stringify(body),
      timeoutMs,
    });

  async function step<T>(
    title: string,
    work: () => Promise<T>,
    told: (result: T) => string = () => "",
  ): Promise<T> {
    const started = performance.now();
    try {
      const result = await work();
      print(
        `${title.padEnd(24)} ${String(Math.round(performance.now() - started)).padStart(6)} ms  ${
          told(result)
        }`.trimEnd(),
      );
      return result;
    } catch (error) {
      if (error instanceof SmokeFailure) throw new SmokeFailure(`${title} failed. ${error.message}`);
      throw error;
    }
  }

  const { provider } = await step(
    "GET languages",
    async () =>
      await parseJson(
        await request(send, `${api}/languages`, { headers: apiKey, timeoutMs }),
        languagesSchema,
      ),
    (languages) => `provider ${languages.provider}`,
  );

  const token = run.token ?? await step("Sign up", async () => {
    const email = `smoke-${crypto.randomUUID()}@example.com`;
    const answer = await post(`${run.supabase}/auth/v1/signup`, apiKey, {
      email,
      password: crypto.randomUUID(),
    });
    return (await parseJson(answer, sessionSchema)).access_token;
  });
  const user = { ...apiKey, authorization: `Bearer ${token}` };
  const details = { name: run.name, language: run.language, transcript: clip.transcript };

  const upload = await step(
    "POST clone/upload-url",
    async () => await parseJson(await post(`${api}/clone/upload-url`, user, details), uploadSchema),
    ({ voice_id: id }) => `voice ${id}`,
  );

  await step("PUT the clip", async () => {
    const headers = { "content-type": clip.contentType };
    await request(send, upload.upload_url, { method: "PUT", headers, body: clip.bytes, timeoutMs });
  }, () => `${clip.bytes.length} bytes of ${clip.contentType}`);

  const finalized = await step("POST clone/finalize", async () => {
    const answer = await post(`${api}/clone/finalize`, user, { voice_id: upload.voice_id, ...details });
    const voice = await parseJson(answer, finalizedSchema);
    if (voice.id !== upload.voice_id) {
      throw new SmokeFailure(`It answered voice ${voice.id}, not the one uploaded.`);
    }
    return voice;
  });

  return await step("GET voices", async () => {
    const { voices } = await parseJson(
      await request(send, `${api}/voices`, { headers: user, timeoutMs }),
      listSchema,
    );
    const row = voices.find(({ id }) => id === finalized.id);
    if (!row) throw new SmokeFailure("The finalized voice is not in the list.");
    if (row.name !== finalized.name) {
      throw new SmokeFailure(`The list names it "${row.name}", not "${finalized.name}".`);
    }
    const problems = problemsOf(row, provider);
    if (problems.length > 0) {
      throw new SmokeFailure(`The row is not ready for ${provider}. ${problems.join("; ")}.`);
    }
    return row;
  });
}

/** Which provider the API at a base URL uses. Throws SmokeFailure. */
export async function providerOf(api: string): Promise<"qwen" | "modal"> {
  const response = await request(fetch, `${api}/languages`, { timeoutMs: 10_000 });
  return (await parseJson(response, languagesSchema)).provider;
}

const languagesSchema = z.object({ provider: z.enum(["qwen", "modal"]) });
const sessionSchema = z.object({
  access_token: z.string({
    error: "missing: does the project ask for the email to be confirmed? Then use --token",
  }),
});
const uploadSchema = z.object({ voice_id: z.uuid(), upload_url: z.url(), object_key: z.string() });
const finalizedSchema = z.object({ id: z.string(), name: z.string() });
const listSchema = z.object({ voices: z.array(rowSchema) });
