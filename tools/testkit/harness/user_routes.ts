import { DETAILS } from "./clone.ts";

export type UserRequest = { method: string; path: string; body?: unknown };

/** Ids that one user's requests name. */
export type NamedThings = { voiceId: string; taskId: string; generationId: string };

/** A valid request to every route that wants a user, by the route. A new route belongs here. */
export function userRequests({ voiceId, taskId, generationId }: NamedThings): Record<string, UserRequest> {
  return {
    "POST /clone/upload-url": { method: "POST", path: "/clone/upload-url", body: DETAILS },
    "POST /clone/finalize": {
      method: "POST",
      path: "/clone/finalize",
      body: { ...DETAILS, voice_id: voiceId },
    },
    "GET /voices": { method: "GET", path: "/voices" },
    "GET /voices/:id/preview": { method: "GET", path: `/voices/${voiceId}/preview` },
    "DELETE /voices/:id": { method: "DELETE", path: `/voices/${voiceId}` },
    "POST /generate": {
      method: "POST",
      path: "/generate",
      body: { voice_id: voiceId, text: "Good evening." },
    },
    "GET /tasks/:id": { method: "GET", path: `/tasks/${taskId}` },
    "POST /tasks/:id/cancel": { method: "POST", path: `/tasks/${taskId}/cancel` },
    "GET /generations/:id/audio": { method: "GET", path: `/generations/${generationId}/audio` },
  };
}
