import { getAudio } from "../../_shared/contract/get_audio.ts";
import type { Services } from "../services.ts";
import { notFound, route } from "./mount.ts";

const AUDIO_SECONDS = 3600;

/** The audio of generations. */
export const generationRoutes = (
  { tasks, generations, accounts }: Pick<Services, "tasks" | "generations" | "accounts">,
) => [
  route(getAudio, async (c, { id }) => {
    const audio = await tasks.audioOf(c.var.userId, id);
    if (!audio) throw await accounts.explain(c.var.userId, notFound(getAudio));
    return await generations.signedUrl(audio.objectKey, AUDIO_SECONDS);
  }),
];
