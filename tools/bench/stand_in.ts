// Plays a project and the provider, just deep enough for the function: every answer is ready at once, so that only the
// function is measured.
import type { Bytes } from "../../supabase/functions/_shared/bytes.ts";
import { wav } from "../testkit/clips/write_wav.ts";

/** A POST of a number here makes the provider wait for so many creates before it begins with any. */
export const GATHER_PATH = "/gather";
/** The variable that holds the options of the stand-in's process. */
export const STAND_IN_VARIABLE = "STAND_IN";

export type StandInOptions = {
  /** How long every answer of the project takes, in milliseconds. */
  projectMs: number;
  /** How long the provider takes over a create, in milliseconds. */
  providerMs: number;
};

type Asked = { url: URL; body: string; headers: Headers };
type Answer = (asked: Asked) => Response;

const VOICE = {
  name: "Grace",
  language: "English",
  source: "uploaded",
  description: null,
  reference_transcript: "Hello.",
  created_at: "2026-01-01T00:00:00+00:00",
  tts_provider: "qwen",
  provider_voice_id: "qwen-tts-vc-grace-voice",
  provider_target_model: "qwen3-tts-vc-2026-01-22",
  provider_voice_kind: "vc",
  provider_region: "intl",
  provider_request_id: null,
  provider_metadata: {},
};

const TASK = {
  type: "generate",
  status: "completed",
  provider: "qwen",
  provider_status: "succeeded",
  provider_poll_count: 1,
  error: null,
  created_at: "2026-01-01T00:00:00+00:00",
  updated_at: "2026-01-01T00:00:01+00:00",
  completed_at: "2026-01-01T00:00:01+00:00",
};

/** The value of a filter such as `id=eq.7`, or a new id. */
const filtered = ({ url }: Asked, column: string) =>
  url.searchParams.get(column)?.replace(/^eq\./, "") ?? crypto.randomUUID();

/** Rows as PostgREST gives them, with their count. */
const rows = (...found: unknown[]) =>
  Response.json(found, { headers: { "content-range": `0-${found.length - 1}/${found.length}` } });

/** What a ledger or queue call gives when all is well. */
const OUTCOMES = {
  upload_url_take: "allowed",
  clone_claim: "claimed",
  clone_sending: "sending",
  generation_create: "created",
  task_claim: "none",
  task_cancel: "done",
};

function completed({ body }: Asked): Response {
  const { p_voice_id: id, p_details } = JSON.parse(body);
  return Response.json({ outcome: "finalized", voice: { id, name: p_details.name } });
}

const signed = (field: "url" | "signedURL"): Answer => ({ url }) => {
  const path = `${url.pathname.slice("/storage/v1".length)}?token=token`;
  return Response.json({ [field]: path, token: "token" });
};

/** The range of the clip that is asked for. */
const ranged = (clip: Bytes): Answer => ({ headers }) => {
  const [, from = 0, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.get("range") ?? "") ?? [];
  const start = Number(from);
  const bytes = clip.subarray(start, to === undefined ? undefined : Number(to) + 1);
  const range = `bytes ${start}-${start + bytes.length - 1}/${clip.length}`;
  return new Response(bytes, {
    status: 206,
    headers: { "content-type": "audio/wav", "content-range": range, etag: '"clip"' },
  });
};

function voiceRow(asked: Asked): Response {
  const [id, userId] = [filtered(asked, "id"), filtered(asked, "user_id")];
  return rows({ ...VOICE, id, reference_object_key: `${userId}/${id}/reference.wav` });
}

function taskRow(asked: Asked): Response {
  const id = filtered(asked, "id");
  return rows({ ...TASK, id, generation_id: id, voice_id: id });
}

/** Answers of a project by method and path, the first that fits. */
const projectAnswers = (): [method: string, path: RegExp, answer: Answer][] => [
  ["POST", /\/rpc\/account_stands$/, () => Response.json(true)],
  ["POST", /\/rpc\/clone_complete$/, completed],
  ...Object.entries(OUTCOMES).map(([call, outcome]): [string, RegExp, Answer] => [
    "POST",
    new RegExp(`/rpc/${call}$`),
    () => Response.json({ outcome }),
  ]),
  ["POST", /\/object\/upload\/sign\//, signed("url")],
  ["POST", /\/object\/sign\//, signed("signedURL")],
  ["GET", /\/object\/references\//, ranged(wav({ seconds: 10 }))],
  ["PATCH", /\/rest\/v1\/voices$/, (asked) => rows({ id: filtered(asked, "id") })],
  ["GET", /\/rest\/v1\/voices$/, voiceRow],
  ["GET", /\/rest\/v1\/tasks$/, taskRow],
  ["GET", /\/rest\/v1\/generations$/, (asked) => rows({ audio_object_key: `${filtered(asked, "id")}.wav` })],
];

const after = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The stand-in without a socket. */
export function createStandIn({ projectMs, providerMs }: StandInOptions) {
  const answers = projectAnswers();
  let wanted = 1;
  const waiting: (() => void)[] = [];

  async function create(): Promise<Response> {
    const gathered = new Promise<void>((resolve) => waiting.push(resolve));
    if (waiting.length >= wanted) waiting.splice(0).forEach((begin) => begin());
    await gathered;
    if (providerMs > 0) await after(providerMs);
    return Response.json({
      output: { voice: `qwen-tts-vc-${crypto.randomUUID()}`, target_model: VOICE.provider_target_model },
      usage: { count: 1 },
      request_id: crypto.randomUUID(),
    });
  }

  return async (request: Request): Promise<Response> => {
    const asked = { url: new URL(request.url), body: await request.text(), headers: request.headers };
    const { pathname } = asked.url;
    if (pathname === GATHER_PATH) {
      wanted = Number(asked.body);
      return new Response();
    }
    if (pathname.startsWith("/api/v1/services/")) return await create();
    if (projectMs > 0) await after(projectMs);
    const [, , answer] = answers.find(([method, path]) => method === request.method && path.test(pathname)) ??
      [];
    const missing = { message: `The stand-in has no ${request.method} ${pathname}.` };
    return answer?.(asked) ?? Response.json(missing, { status: 404 });
  };
}
