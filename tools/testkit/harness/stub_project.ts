// A Supabase project and a provider that answer at once, with the shapes of the real ones (docs/qwen-api.md), and say
// what they were asked.
import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";
import { APP_ORIGIN, PUBLIC_URL } from "./answer_rules.ts";
import { startApi } from "./api.ts";
import { askedOfProject } from "./connections.ts";
import { keys, stack } from "./project.ts";
import { createVirtualClock } from "./virtual_clocks.ts";

type OutgoingRequest = { method: string; url: URL; body: string };

/** How the project is while a request is answered: every number is another day, with other answers of the same shapes. */
export type Weather = { day: number; fails: boolean };

/** Whatever else is asked is a fault, and answered as none. */
const KNOWN = askedOfProject("DELETE /storage/v1/object/generations");

const PROVIDER = "https://dashscope-intl.aliyuncs.com/api/v1/services/audio/tts/customization";

const NO_SUCH_KEY = { statusCode: "404", error: "not_found", message: "Object not found", code: "NoSuchKey" };

/** What a failing part answers; undefined is no answer at all. */
const FAILURES: (() => Response | undefined)[] = [
  () =>
    new Response("<html>502 Bad Gateway</html>", { status: 502, headers: { "Content-Type": "text/html" } }),
  () => Response.json({ code: "PGRST002", message: "no connection to the database" }, { status: 503 }),
  () => Response.json({ code: "23514", message: 'row "planted" violates a check' }, { status: 400 }),
  () => Response.json({ statusCode: "500", error: "Internal", message: "internal detail" }, { status: 400 }),
  () => new Response("<html>all is well</html>", { headers: { "Content-Type": "text/html" } }),
  () => Response.json({ message: "slow down" }, { status: 429 }),
  () => undefined,
];

/**
 * The stand-in for everything outside the function.
 * @param options.accepted tokens that the auth server says are a user's
 * @param options.clip what lies where a reference is looked for
 */
export function createStubProject(options: { accepted: ReadonlySet<string>; clip: Bytes }) {
  const foreign: string[] = [];
  let weather: Weather = { day: 0, fails: false };

  /** One of several answers, the same one for the same question on the same day. */
  const pick = <Item>(question: string, items: readonly Item[]): Item => {
    let mixed = weather.day;
    for (const character of question) mixed = Math.imul(mixed ^ character.charCodeAt(0), 0x9e3779b1) >>> 0;
    const [item] = items.slice((mixed >>> 8) % items.length);
    if (item === undefined) throw new Error("there is nothing to pick from");
    return item;
  };

  const id = "0b0c0d0e-1111-4222-8333-444455556666";
  const voice = { id, name: "Grace" };
  const details = { name: "Grace", language: "English", transcript: "Hello.", description: null };
  const refusal = { category: "rejected", provider_code: null, request_id: null, refusal: "Too noisy." };
  const time = "2026-11-22T10:00:00+00:00";
  const rpc: Record<string, readonly unknown[]> = {
    upload_url_take: [
      ...Array.from({ length: 6 }, () => ({ outcome: "allowed" })),
      ...[{ outcome: "limited", seconds: 60 }, { outcome: "deleted" }],
    ],
    account_stands: [true, true, true, false],
    clone_claim: [
      { outcome: "finalized", voice },
      { outcome: "claimed" },
      { outcome: "claimed" },
      { outcome: "recover", region: "intl", details, same_details: true, unresolved_seconds: 30 },
      { outcome: "created", same_details: true },
      { outcome: "rejected", error: refusal },
      { outcome: "in_progress", seconds: 90 },
      { outcome: "limited", seconds: 600 },
      ...[{ outcome: "conflict" }, { outcome: "deleted" }, { outcome: "user_deleted" }],
    ],
    clone_sending: [
      ...[{ outcome: "sending" }, { outcome: "sending" }],
      ...[{ outcome: "limited", seconds: 600 }, { outcome: "undecided" }],
    ],
    clone_release: [{ outcome: "released" }],
    clone_unresolved: [{ outcome: "unresolved" }],
    clone_complete: [{ outcome: "finalized", voice }, { outcome: "conflict" }, { outcome: "deleted" }],
    generation_create: [
      ...[{ outcome: "created" }, { outcome: "created" }, { outcome: "not_found" }, { outcome: "limited" }],
      ...[{ outcome: "deleted" }, { outcome: "not_ready", reason: "other_region" }],
    ],
    task_claim: [{ outcome: "none" }],
    deployment_facts: [{
      ...{ now: "2026-11-22T10:00:00+00:00", migrations: null, functions: [], tables: [], buckets: [] },
      ...{ policies: [], ids_without_token: [] },
    }],
    task_cancel: ["cancelled", "done", "not_found", "deleted"].map((outcome) => ({ outcome })),
  };

  const voiceRow = {
    ...{ id, name: "Grace", language: "English", source: "uploaded", description: null },
    ...{ reference_transcript: "Hello.", created_at: time, tts_provider: "modal", provider_metadata: {} },
    ...{ provider_voice_id: null, provider_target_model: null, provider_voice_kind: null },
    ...{ provider_region: null, provider_request_id: null },
  };
  const taskRow = () => ({
    ...{ id, type: "generate", status: pick("status", ["pending", "completed", "failed"]), provider: "qwen" },
    ...{ provider_status: null, provider_poll_count: 0, generation_id: id, voice_id: id, error: null },
    ...{ created_at: time, updated_at: time, completed_at: null },
  });

  const rowsOf = ({ method, url }: OutgoingRequest): Response => {
    if (url.pathname.endsWith("/voices") && url.searchParams.has("offset") && method === "GET") {
      if (Number(url.searchParams.get("offset")) > 100) {
        const message = "Requested range not satisfiable";
        return Response.json({ code: "PGRST103", message }, { status: 416 });
      }
      return Response.json([voiceRow], { headers: { "Content-Range": "0-0/41" } });
    }
    if (method === "HEAD") return new Response(null, { headers: { "Content-Range": "*/41" } });
    const user = url.searchParams.get("user_id")?.replace("eq.", "");
    const row = url.pathname.endsWith("/tasks")
      ? taskRow()
      : url.pathname.endsWith("/generations")
      ? { audio_object_key: `${user}/${id}.wav` }
      : { id, reference_object_key: `${user}/${id}/reference.wav` };
    return Response.json(pick("row", [[row], [row], []]));
  };

  const isThere = () => pick("object", [true, true, true, false]);

  const clipOf = (): Response => {
    const total = options.clip.length;
    const whole = new Response(options.clip.subarray(0, 65_536), {
      status: 206,
      headers: { "Content-Range": `bytes 0-65535/${total}`, "Content-Type": "audio/wav", ETag: '"clip"' },
    });
    if (!isThere()) return Response.json(NO_SUCH_KEY, { status: 400 });
    return pick("clip", [
      () => whole,
      () => whole,
      () => new Response(null, { status: 416 }),
      () => new Response("no audio at all", { status: 206, headers: { "Content-Range": "bytes 0-14/15" } }),
    ])();
  };

  const supabase = (request: OutgoingRequest, token: string): Response => {
    const path = request.url.pathname;
    if (path === "/auth/v1/user") {
      return options.accepted.has(token)
        ? Response.json({ id, aud: "authenticated", role: "authenticated", is_anonymous: false })
        : Response.json({ code: 403, error_code: "bad_jwt", msg: "invalid JWT" }, { status: 403 });
    }
    if (path.startsWith("/auth/")) return Response.json({ keys: [] });
    const name = path.replace("/rest/v1/rpc/", "");
    const answers = rpc[name];
    if (answers) return Response.json(pick(name, answers));
    if (/^\/rest\/v1\/(?!rpc\/)/.test(path)) return rowsOf(request);
    if (request.method === "GET") return clipOf();
    if (request.method === "DELETE") return Response.json([]);
    const signed = `${path.replace("/storage/v1", "")}?token=eyJzaWduZWQ.e30.c2ln`;
    if (path.includes("/upload/")) return Response.json({ url: signed, token: "eyJzaWduZWQ.e30.c2ln" });
    return isThere() ? Response.json({ signedURL: signed }) : Response.json(NO_SUCH_KEY, { status: 400 });
  };

  const provider = (request: OutgoingRequest): Response => {
    const { input } = JSON.parse(request.body);
    if (input.action === "list") {
      const output = { page_index: 0, page_size: 1000, total_count: 0, voice_list: [] };
      return Response.json({ output, request_id: "list-1" });
    }
    const noisy = { code: "Audio.PreprocessError", message: "noise", request_id: "create-2" };
    const created = `qwen-tts-vc-${input.preferred_name}-voice-20261122120000000-1a2b`;
    return pick("provider", [
      () =>
        Response.json({
          output: { voice: created, target_model: input.target_model },
          request_id: "create-1",
        }),
      () => Response.json(noisy, { status: 400 }),
    ])();
  };

  const answerTo = (request: OutgoingRequest, token: string): Response | undefined => {
    const asked = `${request.method} ${request.url.pathname}`;
    const isProvider = request.url.href === PROVIDER;
    if (!isProvider && !(request.url.origin === stack.supabase_url && KNOWN.test(asked))) {
      foreign.push(`${request.method} ${request.url}`);
      return undefined;
    }
    if (weather.fails && pick(asked, [true, false, false])) return pick(`${asked} fails`, FAILURES)();
    return isProvider ? provider(request) : supabase(request, token);
  };

  const stub: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const asked = { method: request.method, url: new URL(request.url), body: await request.text() };
    const answer = answerTo(asked, (request.headers.get("authorization") ?? "").replace("Bearer ", ""));
    if (!answer) throw new TypeError("error sending request");
    return answer;
  };

  return {
    fetch: stub,
    foreign,
    setWeather(next: Weather): void {
      weather = next;
    },
  };
}

const noReconcile = {
  ...{ region: "intl", provider_voices: 0, ours: 0, orphans: [], foreign: [], gone: [], unresolved: [] },
  ...{ completed: 0, released: 0, purged: [], purge_failed: [], resolve_failed: [], uploads_swept: 0 },
  ...{ details_erased: 0, objects_erased: 0, more: false },
};

/** The function with `send` in the place of everything outside. What the operator's reconcile does is left out. */
export const startStubbedApi = (send: typeof fetch) =>
  startApi({
    keys,
    send,
    clock: createVirtualClock(),
    environment: { PUBLIC_SUPABASE_URL: PUBLIC_URL, CORS_ALLOWED_ORIGINS: APP_ORIGIN },
    services: { loadReconcile: () => Promise.resolve(() => Promise.resolve(noReconcile)) },
  });
