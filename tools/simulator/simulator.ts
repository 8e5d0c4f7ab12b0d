import { Hono } from "hono";
import { createControlRoutes } from "./control_routes.ts";
import { createCustomization } from "./customization_endpoint.ts";
import { ConnectionCut } from "./dashscope_errors.ts";
import { type FaultRequest, faultSchema } from "./faults.ts";
import { listen } from "./listener.ts";
import { createProviderRoutes } from "./provider_routes.ts";
import { createSimulatorState } from "./simulator_state.ts";
import { createSynthesis } from "./synthesis_endpoint.ts";

export type SimulatorOptions = {
  /** The one key that is not answered 401. */
  apiKey: string;
  /** Reported by `GET /control`; "intl" by default. */
  region?: "intl" | "cn";
  /** Keeps voices and bill between runs, never the audio. Without it, all is in memory. */
  stateFile?: string;
  /** 1,000 by default, as DashScope's. */
  voiceLimit?: number;
  /** How long a reference's URL may take, in milliseconds; 10,000 by default. */
  downloadTimeoutMs?: number;
  /** Gets a line for each call, without key, transcript or URL. */
  log?: (line: string) => void;
  now?: () => Date;
};

/**
 * DashScope's voice cloning for development and tests: create, list, delete and synthesis with the documented errors, audio
 * below `/results`, and `/control` to steer it. Throws when the state file does not parse.
 */
export function createSimulatorApp(options: SimulatorOptions) {
  const { apiKey, region = "intl", stateFile, voiceLimit = 1_000, downloadTimeoutMs = 10_000 } = options;
  const { log = () => {}, now = () => new Date() } = options;
  const state = createSimulatorState({ stateFile, voiceLimit, now });
  const { account, calls, faults, pauses, results } = state;
  const endpoints = [createCustomization(state, { downloadTimeoutMs }), createSynthesis(state)];

  const app = new Hono()
    .route("/control", createControlRoutes(region, state))
    .route("/", createProviderRoutes({ apiKey, endpoints, log }, state))
    .get("/results/*", (c) => results.answer(new URL(c.req.url)))
    .notFound((c) =>
      c.json({
        request_id: crypto.randomUUID(),
        code: "NotFound",
        message: "The simulator has no such path.",
      }, 404)
    )
    .onError((error) => {
      if (!(error instanceof ConnectionCut)) log(`dashscope simulator: defect: ${String(error)}`);
      throw error;
    });

  return {
    /** Rejects with ConnectionCut where the connection would break. */
    fetch: async (request: Request) => await app.fetch(request),
    voices: account.voices,
    bill: account.bill,
    calls: calls.all,
    /** As `POST /control/faults`. Throws ZodError for a wrong fault. */
    addFaults: (...requests: FaultRequest[]) =>
      faults.add(requests.map((request) => faultSchema.parse(request))),
    held: pauses.held,
    waitForHeld: pauses.waitForHeld,
    release: pauses.release,
    abandon: pauses.abandon,
  };
}

export type Simulator = Awaited<ReturnType<typeof startSimulator>>;

/** Starts a simulator on loopback. Throws when the host is another, the port is taken or the state file does not parse. */
export async function startSimulator(
  { hostname = "127.0.0.1", port = 0, ...options }: SimulatorOptions & { hostname?: string; port?: number },
) {
  const { fetch, abandon, ...verbs } = createSimulatorApp(options);
  const listener = await listen({ hostname, port, fetch });
  return {
    ...verbs,
    /** Its origin, for `DASHSCOPE_BASE_URL`. */
    url: listener.url,
    async stop(): Promise<void> {
      abandon();
      await listener.close();
    },
  };
}
