import type { Config } from "../../_shared/config.ts";
import { getLanguages } from "../../_shared/contract/get_languages.ts";
import type { AnswerOf } from "../../_shared/contract/route_contract.ts";
import { LANGUAGES } from "../../_shared/tts/languages.ts";
import { route } from "./mount.ts";

export const languageRoutes = (config: Pick<Config, "mode" | "maxTextChars">) => [
  route(getLanguages, () => ({
    languages: [...LANGUAGES],
    default: "Auto",
    provider: config.mode,
    capabilities: {
      supports_generate: config.mode === "qwen",
      supports_generate_stream: false,
      default_generate_mode: "task",
      allow_generate_mode_toggle: false,
      max_text_chars: config.maxTextChars,
    },
  } satisfies AnswerOf<typeof getLanguages>)),
];
