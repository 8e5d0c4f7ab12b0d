import { z } from "zod";
import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";
import { createUploadUrl } from "../../../supabase/functions/_shared/contract/create_upload_url.ts";
import { finalizeVoice } from "../../../supabase/functions/_shared/contract/finalize_voice.ts";
import { generateSpeech } from "../../../supabase/functions/_shared/contract/generate_speech.ts";
import { getAudio } from "../../../supabase/functions/_shared/contract/get_audio.ts";
import { getLanguages } from "../../../supabase/functions/_shared/contract/get_languages.ts";
import { getTask, type TaskResponse } from "../../../supabase/functions/_shared/contract/get_task.ts";
import { internalReconcile } from "../../../supabase/functions/_shared/contract/internal_reconcile.ts";
import { internalWork } from "../../../supabase/functions/_shared/contract/internal_work.ts";
import { listVoices, type Voice } from "../../../supabase/functions/_shared/contract/list_voices.ts";
import { previewVoice } from "../../../supabase/functions/_shared/contract/preview_voice.ts";
import type { StackRecord } from "../../stack/stack_record.ts";
import type { Clip } from "../clip_file.ts";
import {
  type Answer,
  apiErrorOf,
  expectStatus,
  Failure,
  jsonOf,
  readJson,
  request,
  type RequestOptions,
} from "../http_client.ts";
import { inspectBytes } from "../spoken_audio.ts";
import { until } from "../steps.ts";
import { demand } from "./demands.ts";

/** For each request, and for something to become as it should, in milliseconds. */
const TIMEOUT_MS = 30_000;
const PATIENCE = { deadlineMs: 30_000, pause: { first: 50, factor: 1, most: 50 } };

/** A clip that was uploaded and may be finalized, with what a finalize of it says. */
export type Upload = {
  voiceId: string;
  objectKey: string;
  clip: Clip;
  body: { voice_id: string; name: string; language: string; transcript: string };
};

/** A text that was spoken. */
export type Spoken = { task: TaskResponse; audio: Bytes; seconds: number };

const session = z.object({ access_token: z.string() });

type Route = { method: string; path: string; access: "anyone" | "user" | "operator" };
type RouteOf<T> = Route & { answer: { schema: () => z.ZodType<T> } };
type Asked = { id?: string; json?: unknown };

/** One user of a stack, and its operator, over HTTP. Each call throws a Failure for an answer that is not expected. */
export type Client = Awaited<ReturnType<typeof signUp>>;

/** One request whose answer is read; what is not as expected is a Failure that names it. */
async function ask<T>(what: string, url: string, options: RequestOptions, read: (answer: Answer) => T) {
  try {
    return read(await request(url, { timeoutMs: TIMEOUT_MS, ...options }));
  } catch (cause) {
    throw cause instanceof Failure ? new Failure(`${what}: ${cause.message}`, { cause }) : cause;
  }
}

const bytesOf = (answer: Answer) => expectStatus(answer, 200).bytes;

/** The status, and the code of an error. */
function statusOf(answer: Answer): string {
  const error = apiErrorOf(answer);
  return error ? `${answer.status} ${error.code}` : String(answer.status);
}

/** Signs a user of the stack up. Throws a Failure when that is refused. */
export async function signUp({ api_url, supabase_url, publishable_key, secret_key }: StackRecord) {
  const json = { email: `drill-${crypto.randomUUID()}@example.com`, password: crypto.randomUUID() };
  const { access_token } = await ask(
    "The sign-up",
    `${supabase_url}/auth/v1/signup`,
    { key: publishable_key, json },
    (answer) => readJson(expectStatus(answer, 200), session),
  );
  const rights: Record<Route["access"], RequestOptions> = {
    anyone: {},
    user: { headers: { authorization: `Bearer ${access_token}` } },
    operator: { key: secret_key },
  };

  const send = <T>({ method, path, access }: Route, { id = "", json }: Asked, read: (answer: Answer) => T) =>
    ask(`${method} ${path}`, api_url + path.replace(":id", id), { method, json, ...rights[access] }, read);
  const call = <T>(route: RouteOf<T>, asked: Asked = {}): Promise<T> =>
    send(route, asked, (answer) => readJson(expectStatus(answer, 200), route.answer.schema()));
  /** How something is answered that is not expected to succeed: status and code. */
  const refusal = (route: Route, asked: Asked) => send(route, asked, statusOf);
  /** The bytes behind a signed URL, asked for without any other right. */
  const download = async (route: Route, id: string): Promise<Bytes> => {
    const location = await send(route, { id }, (answer) => expectStatus(answer, 302).headers.get("location"));
    demand(location !== null, `GET ${route.path} redirects to no URL.`);
    return await ask(`What GET ${route.path} leads to`, location, {}, bytesOf);
  };

  const generateBody = (voiceId: string, text: string) => ({ json: { voice_id: voiceId, text } });
  const task = (id: string) => call(getTask, { id });

  /** Asks for a text to be spoken, and resolves once its task is as it should be. */
  const generate = async (voiceId: string, text: string, holds: (task: TaskResponse) => boolean) => {
    const { task_id } = await call(generateSpeech, generateBody(voiceId, text));
    return await until({
      look: () => task(task_id),
      holds,
      otherwise: ({ status, provider_status }) =>
        `The task stays ${status}, provider_status ${provider_status}.`,
      ...PATIENCE,
    });
  };

  /** The audio of a completed task, as its user hears it; a WAV that could hold speech. */
  const hear = async (task: TaskResponse): Promise<Spoken> => {
    demand(task.status === "completed", `A text was not spoken: its task is ${task.status}.`);
    const audio = await download(getAudio, task.generation_id);
    const { container, durationSeconds } = await inspectBytes(audio).catch((cause) => {
      throw new Failure("What was spoken is no audio.", { cause });
    });
    demand(
      container === "wav" && durationSeconds > 0.5,
      `What was spoken is ${container} of ${durationSeconds} s, not speech in a WAV.`,
    );
    return { task, audio, seconds: durationSeconds };
  };

  return {
    /** Resolves once the function says that it has this provider, as it does a moment after the switch. */
    untilProvider: (provider: "qwen" | "modal") =>
      until({
        look: () =>
          send(getLanguages, {}, (answer) => ({
            status: statusOf(answer),
            languages: getLanguages.answer.schema().safeParse(jsonOf(answer)).data,
          })),
        holds: ({ languages }) => languages?.provider === provider,
        otherwise: ({ status, languages }) =>
          `/languages says ${languages?.provider ?? status}, not ${provider}.`,
        ...PATIENCE,
      }),

    async upload(name: string, clip: Clip): Promise<Upload> {
      const details = { name, language: "English", transcript: clip.transcript };
      const { voice_id, upload_url, object_key: objectKey } = await call(createUploadUrl, { json: details });
      const put = { method: "PUT", headers: { "content-type": clip.contentType }, body: clip.bytes };
      await ask("The PUT of the clip", upload_url, put, bytesOf);
      return { voiceId: voice_id, objectKey, clip, body: { voice_id, ...details } };
    },
    finalize: ({ body }: Upload) => call(finalizeVoice, { json: body }),
    finalizeRefused: ({ body }: Upload) => refusal(finalizeVoice, { json: body }),

    voices: async (): Promise<Voice[]> => (await call(listVoices)).voices,
    /** The clip behind a voice, as its user hears it. */
    preview: (voiceId: string) => download(previewVoice, voiceId),
    /** The clip as Storage has it, for the operator. */
    storedClip({ objectKey }: Upload): Promise<Bytes> {
      const url = `${supabase_url}/storage/v1/object/references/${objectKey}`;
      const headers = { authorization: `Bearer ${secret_key}` };
      return ask("A clip in Storage", url, { key: secret_key, headers }, bytesOf);
    },

    task,
    generate,
    generateRefused: (voiceId: string, text: string) => refusal(generateSpeech, generateBody(voiceId, text)),
    hear,
    /** Has a text spoken, and hears it. */
    async speak(voiceId: string, text: string): Promise<Spoken> {
      const isOver = ({ status }: TaskResponse) => status !== "pending" && status !== "processing";
      return await hear(await generate(voiceId, text, isOver));
    },

    /** What `npm run reconcile -- --repair` asks for. */
    repair: () => call(internalReconcile, { json: { repair: true } }),
    /** What `npm run work` asks for. */
    work: () => call(internalWork, { json: {} }),
  };
}

/** The voice with this id. Throws a Failure when the list has none. */
export function voiceIn(voices: Voice[], voiceId: string): Voice {
  const voice = voices.find(({ id }) => id === voiceId);
  demand(voice !== undefined, `The list of voices lacks ${voiceId}.`);
  return voice;
}
