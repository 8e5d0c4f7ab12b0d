import { z } from "zod";
import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";
import { createUploadUrl } from "../../../supabase/functions/_shared/contract/create_upload_url.ts";
import { finalizeVoice } from "../../../supabase/functions/_shared/contract/finalize_voice.ts";
import { generateSpeech } from "../../../supabase/functions/_shared/contract/generate_speech.ts";
import { getLanguages } from "../../../supabase/functions/_shared/contract/get_languages.ts";
import { getTask, type TaskResponse } from "../../../supabase/functions/_shared/contract/get_task.ts";
import { internalReconcile } from "../../../supabase/functions/_shared/contract/internal_reconcile.ts";
import { internalWork } from "../../../supabase/functions/_shared/contract/internal_work.ts";
import { listVoices, type Voice } from "../../../supabase/functions/_shared/contract/list_voices.ts";
import type { Clip } from "../smoke/clip.ts";
import type { StackRecord } from "../../stack/stack_record.ts";
import { DrillFailure } from "./steps.ts";

/** For each request, in milliseconds. */
const TIMEOUT_MS = 30_000;
/** How long something may take to become as it should, and the pause between two looks, in milliseconds. */
const PATIENCE_MS = 30_000;
const PAUSE_MS = 50;

const session = z.object({ access_token: z.string() });
const errorBody = z.object({ code: z.string() });

/** A clip that was uploaded and may be finalized, with what a finalize of it says. */
export type Upload = {
  voiceId: string;
  objectKey: string;
  clip: Clip;
  details: { name: string; language: string; transcript: string };
};

type Asked = { headers?: Record<string, string>; body?: unknown };
type Answer = { status: number; headers: Headers; bytes: Bytes };

/** One user of a stack, and its operator, over HTTP. Each call throws a DrillFailure for an answer that is not expected. */
export type Client = Awaited<ReturnType<typeof signUp>>;

async function send(method: string, url: string, init: RequestInit): Promise<Answer> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(url, { ...init, method, redirect: "manual", signal });
    return { status: response.status, headers: response.headers, bytes: await response.bytes() };
  } catch (cause) {
    throw new DrillFailure(`${method} ${new URL(url).pathname} got no answer.`, { cause });
  }
}

function sendJson(method: string, url: string, { headers, body }: Asked): Promise<Answer> {
  return send(method, url, {
    headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}

function jsonOf({ bytes }: Answer): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** The status, and the code of an error. */
function tellOf(answer: Answer): string {
  const code = errorBody.safeParse(jsonOf(answer)).data?.code;
  return code === undefined ? String(answer.status) : `${answer.status} ${code}`;
}

function parse<T>(what: string, answer: Answer, wanted: { status: number; body: z.ZodType<T> }): T {
  if (answer.status !== wanted.status) {
    throw new DrillFailure(`${what} answered ${tellOf(answer)}, not ${wanted.status}.`);
  }
  const body = wanted.body.safeParse(jsonOf(answer));
  if (body.success) return body.data;
  throw new DrillFailure(`${what} answered with another body than docs/api.md says.`, { cause: body.error });
}

/** The bytes behind a signed URL, asked for without any other right. */
async function download(what: string, redirect: Answer): Promise<Bytes> {
  const location = redirect.headers.get("location");
  if (redirect.status !== 302 || location === null) {
    throw new DrillFailure(`${what} answered ${tellOf(redirect)}, not 302.`);
  }
  const answer = await send("GET", location, {});
  if (answer.status === 200) return answer.bytes;
  throw new DrillFailure(`What ${what} leads to answered ${answer.status}, not 200.`);
}

/** Looks again and again until something is as it should be. Throws the sentence as a DrillFailure when it never is. */
async function until<T>(look: () => Promise<T>, holds: (seen: T) => boolean, sentence: (seen: T) => string) {
  for (const deadline = performance.now() + PATIENCE_MS;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (performance.now() > deadline) throw new DrillFailure(sentence(seen));
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** Signs a user of the stack up. Throws a DrillFailure when that is refused. */
export async function signUp({ api_url, supabase_url, publishable_key, secret_key }: StackRecord) {
  const signup = await sendJson("POST", `${supabase_url}/auth/v1/signup`, {
    headers: { apikey: publishable_key },
    body: { email: `drill-${crypto.randomUUID()}@example.com`, password: crypto.randomUUID() },
  });
  const { access_token } = parse("The sign-up", signup, { status: 200, body: session });
  const user = { authorization: `Bearer ${access_token}` };
  const operator = { apikey: secret_key };

  const ask = async <T>(
    schema: z.ZodType<T>,
    call: `${"GET" | "POST"} ${string}`,
    { status = 200, ...asked }: Asked & { status?: number } = {},
  ): Promise<T> => {
    const [method = "", path = ""] = call.split(" ");
    const answer = await sendJson(method, `${api_url}${path}`, { headers: user, ...asked });
    return parse(call, answer, { status, body: schema });
  };
  const finalizeBody = ({ voiceId, details }: Upload) => ({ voice_id: voiceId, ...details });
  const task = (id: string) => ask(getTask.answer.schema(), `GET /tasks/${id}`);
  const generate = (voiceId: string, text: string) =>
    ask(generateSpeech.answer.schema(), "POST /generate", { body: { voice_id: voiceId, text } });

  return {
    /** Resolves once the function says that it has this provider, as it does a moment after the switch. */
    untilProvider: async (provider: "qwen" | "modal") =>
      await until(
        async () => {
          const answer = await sendJson("GET", `${api_url}/languages`, {});
          return {
            told: tellOf(answer),
            languages: getLanguages.answer.schema().safeParse(jsonOf(answer)).data,
          };
        },
        ({ languages }) => languages?.provider === provider,
        ({ told, languages }) => `/languages says ${languages?.provider ?? told}, not ${provider}.`,
      ),

    async upload(name: string, clip: Clip): Promise<Upload> {
      const details = { name, language: "English", transcript: clip.transcript };
      const made = await ask(createUploadUrl.answer.schema(), "POST /clone/upload-url", { body: details });
      const headers = { "content-type": clip.contentType };
      const put = await send("PUT", made.upload_url, { headers, body: clip.bytes });
      if (put.status !== 200) throw new DrillFailure(`The PUT of the clip answered ${put.status}, not 200.`);
      return { voiceId: made.voice_id, objectKey: made.object_key, clip, details };
    },
    finalize: (upload: Upload) =>
      ask(finalizeVoice.answer.schema(), "POST /clone/finalize", { body: finalizeBody(upload) }),
    /** How a finalize that is not expected to succeed is answered: status and code. */
    async finalizeRefused(upload: Upload): Promise<string> {
      const asked = { headers: user, body: finalizeBody(upload) };
      return tellOf(await sendJson("POST", `${api_url}/clone/finalize`, asked));
    },

    voices: async (): Promise<Voice[]> => (await ask(listVoices.answer.schema(), "GET /voices")).voices,
    /** The clip behind a voice, as its user hears it. */
    preview: async (voiceId: string) =>
      await download(
        "The preview",
        await sendJson("GET", `${api_url}/voices/${voiceId}/preview`, { headers: user }),
      ),
    /** The clip as Storage has it, for the operator. */
    async storedClip({ objectKey }: Upload): Promise<Uint8Array> {
      const headers = { ...operator, authorization: `Bearer ${secret_key}` };
      const answer = await send("GET", `${supabase_url}/storage/v1/object/references/${objectKey}`, {
        headers,
      });
      if (answer.status === 200) return answer.bytes;
      throw new DrillFailure(`Storage answered ${answer.status} for a clip, not 200.`);
    },

    task,
    /** Asks for a text to be spoken, and resolves once its task is as it should be. */
    async generate(
      voiceId: string,
      text: string,
      wanted: (task: TaskResponse) => boolean,
    ): Promise<TaskResponse> {
      const { task_id } = await generate(voiceId, text);
      const told = ({ status, provider_status }: TaskResponse) =>
        `The task stays ${status}, provider_status ${provider_status}.`;
      return await until(() => task(task_id), wanted, told);
    },
    /** How a text that is not expected to be taken is answered: status and code. */
    generateRefused: async (voiceId: string, text: string): Promise<string> =>
      tellOf(
        await sendJson("POST", `${api_url}/generate`, { headers: user, body: { voice_id: voiceId, text } }),
      ),
    /** What was spoken, as its user hears it. */
    audio: async (generationId: string) =>
      await download(
        "The audio",
        await sendJson("GET", `${api_url}/generations/${generationId}/audio`, { headers: user }),
      ),

    /** What `npm run reconcile -- --repair` asks for. */
    repair: () =>
      ask(internalReconcile.answer.schema(), "POST /internal/reconcile", {
        headers: operator,
        body: { repair: true },
      }),
    /** What `npm run work` asks for. */
    work: () => ask(internalWork.answer.schema(), "POST /internal/work", { headers: operator, body: {} }),
  };
}
