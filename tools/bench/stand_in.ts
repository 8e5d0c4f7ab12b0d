// Plays a project and the provider, as shallowly as the function notices nothing: every answer is ready at once, so that
// what is measured is the function.
import type { Bytes } from "../../supabase/functions/_shared/bytes.ts";
import { wav } from "../testkit/clips/write_wav.ts";

/** Where the provider is told, in a body of digits, how many creates it waits for before it begins with any. */
export const GATHER_PATH = "/gather";

type Asked = { url: URL; body: string; headers: Headers };
type Answer = (asked: Asked) => Response | Promise<Response>;

export type StandInOptions = {
  /** How long every answer of the project takes, in milliseconds. */
  projectMs: number;
  /** How long the provider takes over a create, in milliseconds. */
  providerMs: number;
};

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

const outcome = (name: string): Answer => () => Response.json({ outcome: name });

function completed({ body }: Asked): Response {
  const { p_voice_id: id, p_details } = JSON.parse(body);
  return Response.json({ outcome: "finalized", voice: { id, name: p_details.name } });
}

const signed = (field: "url" | "signedURL"): Answer => ({ url }) => {
  const path = `${url.pathname.slice("/storage/v1".length)}?token=token`;
  return Response.json({ [field]: path, token: "token" });
};

/** A range of the clip, which every reference is. */
function ranged(clip: Bytes): Answer {
  return ({ headers }) => {
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.get("range") ?? "") ?? [];
    const start = Number(from ?? 0);
    const bytes = clip.subarray(start, to === undefined ? undefined : Number(to) + 1);
    return new Response(bytes, {
      status: 206,
      headers: {
        "content-type": "audio/wav",
        "content-range": `bytes ${start}-${start + bytes.length - 1}/${clip.length}`,
        etag: '"clip"',
      },
    });
  };
}

const key = (userId: string, voiceId: string) => `${userId}/${voiceId}/reference.wav`;

/** Answers of a project by method and path, the first that fits. */
function projectAnswers(): readonly [string, RegExp, Answer][] {
  return [
    ["POST", /\/rpc\/account_stands$/, () => Response.json(true)],
    ["POST", /\/rpc\/upload_url_take$/, outcome("allowed")],
    ["POST", /\/rpc\/clone_claim$/, outcome("claimed")],
    ["POST", /\/rpc\/clone_sending$/, outcome("sending")],
    ["POST", /\/rpc\/clone_complete$/, completed],
    ["POST", /\/rpc\/generation_create$/, outcome("created")],
    ["POST", /\/rpc\/task_claim$/, outcome("none")],
    ["POST", /\/rpc\/task_cancel$/, outcome("done")],
    ["POST", /\/object\/upload\/sign\//, signed("url")],
    ["POST", /\/object\/sign\//, signed("signedURL")],
    ["GET", /\/object\/references\//, ranged(wav({ seconds: 10 }))],
    ["PATCH", /\/rest\/v1\/voices$/, (asked) => rows({ id: filtered(asked, "id") })],
    ["GET", /\/rest\/v1\/voices$/, (asked) => {
      const id = filtered(asked, "id");
      return rows({ ...VOICE, id, reference_object_key: key(filtered(asked, "user_id"), id) });
    }],
    ["GET", /\/rest\/v1\/tasks$/, (asked) => {
      const id = filtered(asked, "id");
      return rows({ ...TASK, id, generation_id: id, voice_id: id });
    }],
    [
      "GET",
      /\/rest\/v1\/generations$/,
      (asked) => rows({ audio_object_key: `${filtered(asked, "id")}.wav` }),
    ],
  ];
}

const after = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The stand-in without a socket. */
export function createStandIn({ projectMs, providerMs }: StandInOptions) {
  const answers = projectAnswers();
  let wanted = 1;
  const waiting: (() => void)[] = [];

  async function create(): Promise<Response> {
    const gathered = new Promise<void>((resolve) => waiting.push(resolve));
    if (waiting.length >= wanted) { for (const begin of waiting.splice(0)) begin(); }
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
    for (const [method, path, answer] of answers) {
      if (method === request.method && path.test(pathname)) return await answer(asked);
    }
    return Response.json({ message: `The stand-in has no ${request.method} ${pathname}.` }, { status: 404 });
  };
}
