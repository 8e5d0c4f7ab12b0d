import { Hono } from "hono";
import type { z } from "zod";
import {
  type deleteVoiceResponse,
  listVoicesQuery,
  type listVoicesResponse,
  voiceIdParameter,
} from "../../_shared/contract.ts";
import { voiceNotFound } from "../../_shared/errors.ts";
import type { ApiEnv } from "../hono_types.ts";
import { methodNotAllowed } from "../middleware/error_handlers.ts";
import type { Services } from "../services.ts";
import { parseInput } from "./body.ts";

const PREVIEW_SECONDS = 3600;

/** An id that is no UUID names no voice of anybody. */
function voiceIdOf(text: string): string {
  const parsed = voiceIdParameter.safeParse(text);
  if (!parsed.success) throw voiceNotFound();
  return parsed.data;
}

/** `GET /voices`, `GET /voices/:id/preview` and `DELETE /voices/:id`. */
export function voiceRoutes(services: Pick<Services, "voices" | "references" | "accounts">) {
  const { voices, references, accounts } = services;

  return new Hono<ApiEnv>()
    .get("/", async (c) => {
      // A parameter that is there but empty is one that was not filled in.
      const given = Object.fromEntries(Object.entries(c.req.query()).filter(([, value]) => value.trim()));
      const query = parseInput(listVoicesQuery, given);
      const { voices: page, total } = await voices.list(c.var.userId, query);
      return c.json(
        {
          voices: page,
          pagination: {
            page: query.page,
            per_page: query.per_page,
            total,
            pages: Math.ceil(total / query.per_page),
          },
        } satisfies z.input<typeof listVoicesResponse>,
      );
    })
    .all("/", methodNotAllowed("GET"))
    .get("/:id/preview", async (c) => {
      const key = await voices.referenceKey(c.var.userId, voiceIdOf(c.req.param("id")));
      if (key === null) throw await accounts.explain(c.var.userId, voiceNotFound());
      return c.redirect(await references.previewUrl(c.var.userId, key, PREVIEW_SECONDS), 302);
    })
    .all("/:id/preview", methodNotAllowed("GET"))
    .delete("/:id", async (c) => {
      if (!await voices.delete(c.var.userId, voiceIdOf(c.req.param("id")))) {
        throw await accounts.explain(c.var.userId, voiceNotFound());
      }
      return c.json({ ok: true } satisfies z.input<typeof deleteVoiceResponse>);
    })
    .all("/:id", methodNotAllowed("DELETE"));
}
