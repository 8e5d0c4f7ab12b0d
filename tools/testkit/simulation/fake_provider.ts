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
  /** Whether its sender knows for certain what came of it. */
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
export const ODD_ANSWERS = [
  ...["error_before", "error_after", "throttled", "rejected", "unreadable", "html"] as const,
];
export type CreateAnswer = "made" | typeof ODD_ANSWERS[number];

/** What goes wrong at the provider itself. */
export type ProviderFaults = {
  drawAnswer: () => CreateAnswer;
  /** The status with which a list or a deletion is refused, or null. */
  drawFailure: () => 429 | 500 | null;
};

export function createProviderState(kind: Pick<ProviderState, "idShape" | "listLagMs">): ProviderState {
  return { voices: new Map(), deleted: new Set(), creates: [], lists: [], ...kind };
}

const MODEL = "qwen3-tts-vc-2026-01-22";
const json = (status: number, body: object) => Response.json({ ...body, request_id: "r" }, { status });
const failed = (status: number, code: string) => json(status, { code, message: "x" });

/** DashScope as `fetch` sees it from one process. */
export function createFakeFetch(options: {
  process: Process;
  scheduler: Scheduler;
  state: ProviderState;
  region: string;
  /** The attempt that this process makes. */
  attempt: () => string;
  faults: ProviderFaults;
  /** Whether there is such a clip to fetch. */
  hasClip: (key: string) => boolean;
  /** Called at the moment a create is sent. */
  onCreate: (token: string, attempt: string) => void;
}): typeof fetch {
  const { process, scheduler, state, region } = options;

  const create = (name: string, token: string, clipUrl: string, sent: Create): Response => {
    const answer = options.faults.drawAnswer();
    if (answer === "error_before") return failed(500, "InternalError");
    if (answer === "throttled") return failed(429, "Throttling.RateQuota");
    if (answer === "rejected") return failed(400, "Audio.PreprocessError");
    const clip = new URL(clipUrl);
    if (Number(clip.searchParams.get("exp")) < scheduler.now() || !options.hasClip(clip.pathname.slice(1))) {
      return failed(400, "BadRequest.InputDownloadFailed");
    }
    const suffix = (4096 + state.voices.size + state.deleted.size).toString(16);
    const voice = voiceIdOf(state.idShape, name, { at: scheduler.now(), suffix });
    state.voices.set(voice, { token, region, createdAt: scheduler.now() });
    Object.assign(sent, { landedAt: scheduler.now(), voice });
    if (answer === "error_after") return failed(503, "ModelServingError");
    if (answer === "unreadable") return json(200, { output: {} });
    if (answer === "html") return new Response("<html></html>", { status: 200 });
    sent.named = true;
    return json(200, { output: { voice, target_model: MODEL }, usage: { count: 1 } });
  };

  /** A list or a deletion, unless it is drawn that it fails. */
  const unlessRefused = (effect: () => Response) => (): Response => {
    const status = options.faults.drawFailure();
    return status ? failed(status, status === 429 ? "Throttling.RateQuota" : "InternalError") : effect();
  };

  const list = unlessRefused(() => {
    state.lists.push({ time: scheduler.now(), attempt: options.attempt() });
    const listed = [...state.voices].filter(([, voice]) =>
      voice.region === region && voice.createdAt + state.listLagMs <= scheduler.now()
    ).reverse();
    const voice_list = listed.map(([voice, { createdAt }]) => ({
      voice,
      target_model: MODEL,
      gmt_create: gmtCreateOf(state.idShape, createdAt),
    }));
    return json(200, { output: { voice_list } });
  });

  const remove = (voice: string) =>
    unlessRefused(() => {
      if (!state.voices.delete(voice)) return failed(400, "BadRequest.VoiceNotFound");
      state.deleted.add(voice);
      return json(200, { output: { voice } });
    });

  return async (_input, init?: RequestInit) => {
    const { input } = JSON.parse(String(init?.body));
    const name = String(input.preferred_name ?? "");
    const token = name.split("_")[1] ?? "";
    let effect = list;
    let sent: Create | undefined;
    if (input.action === "delete") effect = remove(input.voice);
    if (input.action === "create") {
      const unknown = { landedAt: null, voice: null, named: false, learnt: false };
      const sending: Create = { token, attempt: options.attempt(), sentAt: scheduler.now(), ...unknown };
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
