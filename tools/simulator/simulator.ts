import { Hono } from "hono";
import { type Account, type Bill, createAccount } from "./account.ts";
import { type Call, createCalls } from "./calls.ts";
import { createControlRoutes } from "./control.ts";
import { createCustomization } from "./customization.ts";
import { ConnectionCut } from "./errors.ts";
import { createFaults, type FaultRequest, faultSchema } from "./faults.ts";
import { listen } from "./listener.ts";
import { createPauses, type HeldCall } from "./pauses.ts";
import { createProviderRoutes } from "./provider.ts";
import { createRateLimit } from "./rate_limit.ts";
import { createResults } from "./results.ts";
import { createSpeech } from "./speech.ts";
import { createSynthesis } from "./synthesis.ts";
import type { Voice } from "./voice.ts";

/** What a simulated DashScope account is made of. */
export interface SimulatorOptions {
  /** The one key that is not answered 401. */
  apiKey: string;
  /** Told by `GET /control`; "intl" by default. The other region's keys are simply other keys. */
  region?: "intl" | "cn";
  /** Where voices and bill are kept between runs; only in memory without it. Spoken audio is never kept there. */
  stateFile?: string;
  /** 1,000 by default, as DashScope's. */
  voiceLimit?: number;
  /** How long a reference's URL may take, in milliseconds; 10,000 by default. */
  downloadTimeoutMs?: number;
  /** Gets one line a call: its action, status and time. Never a key, transcript or URL. */
  log?: (line: string) => void;
  now?: () => Date;
}

/** The simulated provider without a socket. */
export interface SimulatorApp {
  /** Answers a request as DashScope would; rejects with ConnectionCut where the connection would break. */
  fetch(request: Request): Promise<Response>;
  /** Every voice of the account, newest first. */
  voices(): Voice[];
  /** The paid creations and syntheses, those of deleted voices included. */
  bill(): Bill;
  /** The calls seen, oldest first. */
  calls(): Call[];
  /** As `POST /control/faults`. Throws ZodError for a fault that is none. */
  addFaults(...faults: FaultRequest[]): void;
  held(): HeldCall[];
  /** Resolves true once `count` calls are held, false after `timeoutMs`. */
  waitForHeld(count: number, timeoutMs: number): Promise<boolean>;
  /** Lets one held call go on, or all; returns how many. */
  release(id?: number): number;
  /** Cuts held and delayed calls where they are. */
  abandon(): void;
}

/** A simulator that listens. */
export interface Simulator extends Omit<SimulatorApp, "fetch" | "abandon"> {
  /** Its origin: what `DASHSCOPE_BASE_URL` takes. */
  readonly url: string;
  /** Cuts every connection, held calls included, and stops listening. */
  stop(): Promise<void>;
}

/**
 * A simulator of DashScope's voice cloning, for development and tests: create, list, delete and synthesis with the
 * documented validations and errors, the audio it spoke below `/results`, and `/control` to steer it (see
 * `createControlRoutes`). Paths it does not have answer a flat 404. Throws when the state file does not parse.
 */
export function createSimulatorApp(options: SimulatorOptions): SimulatorApp {
  const { apiKey, region = "intl", stateFile, voiceLimit = 1_000, downloadTimeoutMs = 10_000 } = options;
  const { log = () => {}, now = () => new Date() } = options;
  const account: Account = createAccount({ stateFile, voiceLimit, now });
  const calls = createCalls({ now });
  const faults = createFaults();
  const pauses = createPauses();
  const rateLimit = createRateLimit({ now });
  const results = createResults({ now });
  const endpoints = [
    createCustomization({ account, downloadTimeoutMs }),
    createSynthesis({ account, speech: createSpeech(), results }),
  ];

  const app = new Hono()
    .route(
      "/control",
      createControlRoutes({ region, voiceLimit, account, calls, faults, pauses, rateLimit, results }),
    )
    .route("/", createProviderRoutes({ apiKey, endpoints, calls, faults, pauses, rateLimit, log }))
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
    fetch: async (request) => await app.fetch(request),
    voices: account.voices,
    bill: account.bill,
    calls: calls.all,
    addFaults: (...requests) => faults.add(requests.map((request) => faultSchema.parse(request))),
    held: pauses.held,
    waitForHeld: pauses.waitForHeld,
    release: pauses.release,
    abandon: pauses.abandon,
  };
}

/**
 * Starts a simulator on loopback: 127.0.0.1 and any free port by default. Throws a sentence when the host is not
 * loopback, the port is taken or the state file does not parse.
 */
export async function startSimulator(
  options: SimulatorOptions & { hostname?: string; port?: number },
): Promise<Simulator> {
  const { hostname = "127.0.0.1", port = 0 } = options;
  const { fetch, abandon, ...verbs } = createSimulatorApp(options);
  const listener = await listen({ hostname, port, fetch });
  return {
    ...verbs,
    url: listener.url,
    async stop() {
      abandon();
      await listener.close();
    },
  };
}
