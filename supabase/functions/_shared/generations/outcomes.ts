import { ApiError } from "../errors.ts";
import { ProviderError } from "../tts/errors.ts";
import type { TtsProviderName } from "../tts/provider.ts";
import type { CreateAnswer } from "./tasks.ts";

/** What a user is told of a task that failed for no fault of theirs. */
export const NOT_SPOKEN = "The text could not be spoken. Try again.";

/** What a user is told of a failed synthesis, in a sentence. */
export function failureOf(error: unknown): string {
  if (error instanceof ProviderError) {
    if (error.category === "rejected") return error.refusal ?? "The provider refused this text.";
    if (error.category === "misconfigured") {
      return "Speaking is not set up correctly. The operator has been told.";
    }
  }
  return NOT_SPOKEN;
}

/** Why a voice cannot speak, and what to do about it. */
export function voiceNotReady(
  reason: Extract<CreateAnswer, { outcome: "not_ready" }>["reason"],
  provider: TtsProviderName,
): ApiError {
  if (provider === "modal") {
    return new ApiError(
      "voice_not_ready",
      "Speaking is switched off for now. The voice is kept: try again later.",
    );
  }
  switch (reason) {
    case "other_provider":
      return new ApiError(
        "voice_not_ready",
        "This voice was made with another provider. Clone it again to let it speak.",
      );
    case "other_region":
      return new ApiError(
        "voice_not_ready",
        "This voice was made in another region. Clone it again to let it speak.",
      );
    case "no_metadata":
      return new ApiError(
        "voice_not_ready",
        "This voice was never completed. Clone it again to let it speak.",
      );
  }
}
