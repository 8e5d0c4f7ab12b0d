import { gmtCreateOf, type IdShape, voiceIdOf } from "../../simulator/voice_id_shapes.ts";
import type { Process } from "./process.ts";
import type { Scheduler } from "./scheduler.ts";

/** One create as the provider saw it. */
export type Create = {
  token: string;
  attempt: string;
  sentAt: number;
  /** When the voice was made; null while, or when, it was not. */
  landedAt: number | null;
  voice: string | null;
  /** Whether the answer, if it was a success, named the voice. */
  named: boolean;
  /** Whether its sender was told for certain what came of it. */
  learnt: boolean;
};

/** Everything the provider keeps. */
export type ProviderState = {
  voices: Map<string, { token: string; region: string; createdAt: number }>;
  deleted: Set<string>;
  creates: Create[];
  /** When which attempt read the list. */
  lists: { time: number; attempt: string }[];
  idShape: IdShape;
  /** How long a voice is missing from the list after it was made, in milliseconds. */
  listLagMs: number;
};

/** How the provider itself may answer a create, besides what happens to the connection. */
export type CreateAnswer =
  | "made"
  | "error_before"
  | "error_after"
  | "throttled"
  | "rejected"
  | "unreadable"
  | "html";

export function createProviderState(kind: Pick<ProviderState, "idShape" | "listLagMs">): ProviderState {
  return { voices: new Map(), deleted: new Set(), creates: [], lists: [], ...kind };
}

const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });

/** DashScope as `fetch` sees it from one process. */
export function createFakeFetch(options: {
  process: Process;
  scheduler: Scheduler;
  state: ProviderState;
  region: string;
  /** The attempt that this process makes. */
  attempt: () => string;
  drawAnswer: () => CreateAnswer;
  /** The status with which a list or a deletion is refused, or null. */
  drawFailure: () => 429 | 500 | null;
  /** Whether there is such a clip to fetch. */
  hasClip: (key: string) => boolean;
  /** Called at the moment a create is sent. */
  onCreate: (token: string, attempt: string) => void;
}): typeof fetch {
  const { process, scheduler, state, region } = options;

  const create = (name: string, token: string, clipUrl: string, sent: Create): Response => {
    const answer = options.drawAnswer();
    if (answer === "error_before") return json(500, { code: "InternalError", message: "x", request_id: "r" });
    if (answer === "throttled") {
      return json(429, { code: "Throttling.RateQuota", message: "x", request_id: "r" });
    }
    if (answer === "rejected") {
      return json(400, { code: "Audio.PreprocessError", message: "x", request_id: "r" });
    }
    const clip = new URL(clipUrl);
    if (Number(clip.searchParams.get("exp")) < scheduler.now() || !options.hasClip(clip.pathname.slice(1))) {
      return json(400, { code: "BadRequest.InputDownloadFailed", message: "x", request_id: "r" });
    }
    const suffix = (4096 + state.voices.size + state.deleted.size).toString(16);
    const voice = voiceIdOf(state.idShape, name, { at: scheduler.now(), suffix });
    state.voices.set(voice, { token, region, createdAt: scheduler.now() });
    Object.assign(sent, { landedAt: scheduler.now(), voice });
    if (answer === "error_after") {
      return json(503, { code: "ModelServingError", message: "x", request_id: "r" });
    }
    if (answer === "unreadable") return json(200, { output: {}, request_id: "r" });
    if (answer === "html") return new Response("<html></html>", { status: 200 });
    sent.named = true;
    return json(200, {
      output: { voice, target_model: "qwen3-tts-vc-2026-01-22" },
      usage: { count: 1 },
      request_id: "r",
    });
  };

  const list = (): Response => {
    const odd = options.drawFailure();
    if (odd) return json(odd, { code: odd === 429 ? "Throttling.RateQuota" : "InternalError", message: "x" });
    state.lists.push({ time: scheduler.now(), attempt: options.attempt() });
    const voices = [...state.voices]
      .filter(([, voice]) => voice.region === region && voice.createdAt + state.listLagMs <= scheduler.now())
      .reverse();
    return json(200, {
      output: {
        voice_list: voices.map(([voice, { createdAt }]) => ({
          voice,
          target_model: "qwen3-tts-vc-2026-01-22",
          gmt_create: gmtCreateOf(state.idShape, createdAt),
        })),
      },
      request_id: "r",
    });
  };

  const remove = (voice: string): Response => {
    const odd = options.drawFailure();
    if (odd) return json(odd, { code: odd === 429 ? "Throttling.RateQuota" : "InternalError", message: "x" });
    if (!state.voices.delete(voice)) {
      return json(400, { code: "BadRequest.VoiceNotFound", message: "x", request_id: "r" });
    }
    state.deleted.add(voice);
    return json(200, { output: { voice }, request_id: "r" });
  };

  return async (_input, init?: RequestInit) => {
    const { input } = JSON.parse(String(init?.body));
    const name = String(input.preferred_name ?? "");
    const token = name.split("_")[1] ?? "";
    let effect = list;
    let sent: Create | undefined;
    if (input.action === "delete") effect = () => remove(input.voice);
    if (input.action === "create") {
      const sending: Create = {
        token,
        attempt: options.attempt(),
        sentAt: scheduler.now(),
        landedAt: null,
        voice: null,
        named: false,
        learnt: false,
      };
      options.onCreate(token, sending.attempt);
      state.creates.push(sending);
      effect = () => create(name, token, input.audio.data, sending);
      sent = sending;
    }
    const response = await process.call({
      name: `provider.${input.action}`,
      effect,
      failure: () => new TypeError("connection lost"),
      signal: init?.signal ?? undefined,
    });
    // A success that names no voice tells its sender as little as a failure does.
    if (sent) sent.learnt = response.status < 500 && !(response.ok && !sent.named);
    return response;
  };
}
