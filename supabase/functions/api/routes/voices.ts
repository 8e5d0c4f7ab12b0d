import { deleteVoice } from "../../_shared/contract/delete_voice.ts";
import { listVoices } from "../../_shared/contract/list_voices.ts";
import { previewVoice } from "../../_shared/contract/preview_voice.ts";
import type { AnswerOf } from "../../_shared/contract/route_contract.ts";
import type { Services } from "../services.ts";
import { notFound, route } from "./mount.ts";

const PREVIEW_SECONDS = 3600;

export const voiceRoutes = (
  { voices, references, accounts }: Pick<Services, "voices" | "references" | "accounts">,
) => [
  route(listVoices, async (c, { query }) => {
    const { voices: page, total } = await voices.list(c.var.userId, query);
    const pagination = {
      page: query.page,
      per_page: query.per_page,
      total,
      pages: Math.ceil(total / query.per_page),
    };
    return { voices: page, pagination } satisfies AnswerOf<typeof listVoices>;
  }),
  route(previewVoice, async (c, { id }) => {
    const key = await voices.referenceKey(c.var.userId, id);
    if (key === null) throw await accounts.explain(c.var.userId, notFound(previewVoice));
    return await references.previewUrl(c.var.userId, key, PREVIEW_SECONDS);
  }),
  route(deleteVoice, async (c, { id }) => {
    if (await voices.delete(c.var.userId, id)) return { ok: true } as const;
    throw await accounts.explain(c.var.userId, notFound(deleteVoice));
  }),
];
