import { Hono } from "hono";
import { z } from "zod";
import { parseJson } from "../../supabase/functions/_shared/json.ts";
import type { NewVoice } from "./account.ts";
import { type Fault, faultSchema } from "./faults.ts";
import type { SimulatorState } from "./simulator_state.ts";
import { ID_SHAPE_NAMES } from "./voice_id_shapes.ts";

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

/** The routes that steer the simulator (docs/testing.md). They take no key and answer a wrong body 400 `{ detail }`. */
export function createControlRoutes(
  region: string,
  { settings, defaults, account, calls, faults, pauses, rateLimit, results }: SimulatorState,
): Hono {
  const app = new Hono();

  app.get("/", (c) =>
    c.json({
      region,
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
    Object.assign(settings, defaults);
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
      voices: account.voices().map((voice) => ({
        voice: voice.voice,
        target_model: voice.targetModel,
        preferred_name: voice.preferredName,
        language: voice.language,
        text_length: voice.textLength,
        audio: voice.audio,
        created_at: voice.createdAt,
      })),
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
    const {
      rate_limit: limit,
      voice_limit: voiceLimit = settings.voiceLimit,
      voice_ids: idShape = settings.idShape,
    } = settingsSchema.parse(await readJson(c.req.raw));
    if (limit === null) rateLimit.set(undefined);
    if (limit) {
      const perMinute = limit.per_minute;
      rateLimit.set({ perMinute, perSecond: limit.per_second ?? Math.ceil(perMinute / 60) });
    }
    Object.assign(settings, { voiceLimit, idShape });
    return c.json({ ok: true });
  });

  return app.onError((error, c) => {
    if (!(error instanceof z.ZodError)) throw error;
    return c.json({ detail: z.prettifyError(error) }, 400);
  });
}

/** An absent body counts as `{}`; no schema takes one that is not JSON. */
const readJson = async (request: Request) => parseJson(await request.text() || "{}");
