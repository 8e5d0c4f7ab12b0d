import { Hono } from "hono";
import { z } from "zod";
import type { Account } from "./account.ts";
import type { Calls } from "./calls.ts";
import { type Fault, type Faults, faultSchema } from "./faults.ts";
import type { Pauses } from "./pauses.ts";
import type { RateLimit } from "./rate_limit.ts";
import type { Results } from "./results.ts";
import type { NewVoice, Voice } from "./voice.ts";
import { DOCUMENTED_SHAPE, ID_SHAPE_NAMES } from "./voice_ids.ts";

const faultsSchema = z.union([z.array(faultSchema), faultSchema.transform((fault): Fault[] => [fault])]);

const releaseSchema = z.strictObject({ id: z.number().int().optional() });

const heldSchema = z.object({
  count: z.coerce.number().int().min(1).default(1),
  wait_ms: z.coerce.number().int().min(0).max(600_000).default(0),
});

const seedSchema = z.strictObject({
  count: z.number().int().min(1).max(10_000).default(1),
  preferred_name: z.string().regex(/^[A-Za-z0-9_]{1,16}$/).optional(),
  prefix: z.string().regex(/^[A-Za-z0-9_]{1,5}$/).default("seed"),
  target_model: z.string().default("qwen3-tts-vc-2026-01-22"),
  language: z.string().default("en"),
  created_at: z.iso.datetime().optional(),
});

const settingsSchema = z.strictObject({
  rate_limit: z.strictObject({
    per_minute: z.number().int().min(1).default(180),
    per_second: z.number().int().min(1).optional(),
  }).nullable().optional(),
  voice_limit: z.number().int().min(0).optional(),
  voice_ids: z.enum(ID_SHAPE_NAMES).optional(),
});

/**
 * The routes that steer the simulator. They are no part of DashScope, want no key, and answer a wrong body 400
 * `{ detail }`.
 *
 * - `GET /control` → `{ region, voices, calls, faults, held, delayed }`: counts, and the faults still waiting.
 * - `POST /control/faults`: one fault or a list, each `{ action?, times?, delay?, hold?, answer? }`, for the next
 *   `times` (1) calls of `action` (any). `delay: { ms, when? }`; `hold: "before" | "after"` the call takes effect;
 *   `answer` is `{ kind: "error", code, status?, message?, when? }` (status 200 puts the error inside a success), `{ kind: "html", status?, when? }`, or `when?` with
 *   kind `cut` (the connection breaks without an answer), `no_voice` (2xx without output.voice), `no_audio` (2xx
 *   without output.audio.url) or `unfinished` (a 2xx whose body breaks off). `when` is "before" (nothing took effect)
 *   if not said, or "after".
 * - `GET /control/held?count=1&wait_ms=0` → `{ held: [{ id, action, when }] }`, as soon as `count` calls are held; 408
 *   with what is held when that did not happen within `wait_ms`.
 * - `POST /control/release` `{ id? }` → `{ released }`: lets one held call go on, or all.
 * - `GET /control/calls` → `{ calls }`: see `Call`; without the key, audio data and URL queries shortened.
 * - `GET /control/voices` → `{ voices, bill: { total, by_preferred_name, syntheses, characters, by_voice } }`, newest
 *   first; `total` and `by_preferred_name` count creations, the others what was spoken.
 * - `POST /control/voices` `{ count?, preferred_name?, prefix?, target_model?, language?, created_at? }` → 201
 *   `{ voices: [id] }`: seeds voices that cost nothing, named alike or `<prefix>_<10 base-36 digits>`.
 * - `POST /control/settings` `{ rate_limit?: { per_minute?, per_second? } | null, voice_limit?, voice_ids? }`: the rate
 *   holds for enrollment and for synthesis apart; a second allows a sixtieth of a minute, rounded up, if not said; null
 *   turns the limit off. `voice_ids` is how ids of new voices are built and `gmt_create` is told, one of
 *   `ID_SHAPE_NAMES`; "17 digits" is the documented one.
 * - `DELETE /control?voices=true`: forgets faults, calls and settings, cuts held and delayed calls where they are, and
 *   with `voices=true` forgets voices, bill and spoken audio too.
 */
export function createControlRoutes(options: {
  region: string;
  voiceLimit: number;
  account: Account;
  calls: Calls;
  faults: Faults;
  pauses: Pauses;
  rateLimit: RateLimit;
  results: Results;
}): Hono {
  const { account, calls, faults, pauses, rateLimit, results } = options;
  const app = new Hono();

  app.get("/", (c) =>
    c.json({
      region: options.region,
      voices: account.voices().length,
      calls: calls.all().length,
      faults: faults.pending(),
      held: pauses.held().length,
      delayed: pauses.delayed(),
    }));

  app.delete("/", (c) => {
    faults.reset();
    pauses.abandon();
    calls.reset();
    rateLimit.set(undefined);
    account.setVoiceLimit(options.voiceLimit);
    account.setIdShape(DOCUMENTED_SHAPE);
    if (c.req.query("voices") === "true") {
      account.reset();
      results.reset();
    }
    return c.json({ ok: true });
  });

  app.post("/faults", async (c) => {
    faults.add(faultsSchema.parse(await readJson(c.req.raw)));
    return c.json({ faults: faults.pending() });
  });

  app.get("/held", async (c) => {
    const { count, wait_ms: waitMs } = heldSchema.parse(c.req.query());
    const reached = await pauses.waitForHeld(count, waitMs);
    return c.json({ held: pauses.held() }, reached ? 200 : 408);
  });

  app.post("/release", async (c) => {
    const { id } = releaseSchema.parse(await readJson(c.req.raw));
    return c.json({ released: pauses.release(id) });
  });

  app.get("/calls", (c) => c.json({ calls: calls.all() }));

  app.get("/voices", (c) => {
    const { byPreferredName, byVoice, ...totals } = account.bill();
    return c.json({
      voices: account.voices().map(renderVoice),
      bill: { ...totals, by_preferred_name: byPreferredName, by_voice: byVoice },
    });
  });

  app.post("/voices", async (c) => {
    const seed = seedSchema.parse(await readJson(c.req.raw));
    const voices = Array.from({ length: seed.count }, (_, index): NewVoice => ({
      targetModel: seed.target_model,
      preferredName: seed.preferred_name ?? `${seed.prefix}_${index.toString(36).padStart(10, "0")}`,
      language: seed.language,
      textLength: 0,
      audio: null,
    }));
    const made = account.seed(voices, seed.created_at === undefined ? undefined : new Date(seed.created_at));
    return c.json({ voices: made.map(({ voice }) => voice) }, 201);
  });

  app.post("/settings", async (c) => {
    const settings = settingsSchema.parse(await readJson(c.req.raw));
    const { rate_limit: limit, voice_limit: voiceLimit, voice_ids: idShape } = settings;
    if (limit === null) rateLimit.set(undefined);
    if (limit) {
      const perMinute = limit.per_minute;
      rateLimit.set({ perMinute, perSecond: limit.per_second ?? Math.ceil(perMinute / 60) });
    }
    if (voiceLimit !== undefined) account.setVoiceLimit(voiceLimit);
    if (idShape !== undefined) account.setIdShape(idShape);
    return c.json({ ok: true });
  });

  return app.onError((error, c) => {
    if (!(error instanceof z.ZodError)) throw error;
    return c.json({ detail: z.prettifyError(error) }, 400);
  });
}

/** An absent body counts as `{}`; one that is not JSON as undefined, which no schema takes. */
async function readJson(request: Request): Promise<unknown> {
  const text = await request.text();
  try {
    return text === "" ? {} : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function renderVoice(voice: Voice): Record<string, unknown> {
  return {
    voice: voice.voice,
    target_model: voice.targetModel,
    preferred_name: voice.preferredName,
    language: voice.language,
    text_length: voice.textLength,
    audio: voice.audio,
    created_at: voice.createdAt,
  };
}
