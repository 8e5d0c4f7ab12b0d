/** A request of a user, as `fetch` takes it. */
export type UserRequest = { path: string; method: string; body?: string };

const DETAILS = {
  name: "Grace",
  language: "English",
  transcript:
    "Hello, and thank you for trying voice cloning. This recording is read at a calm and even pace.",
};

const post = (path: string, body: unknown): UserRequest => ({
  path,
  method: "POST",
  body: JSON.stringify(body),
});
const get = (path: string): UserRequest => ({ path, method: "GET" });

/** A request of every route that users have, by the route's name; each call makes a new one, of a voice not seen yet. */
export const USER_REQUESTS = {
  "POST /clone/upload-url": () => post("/clone/upload-url", DETAILS),
  "POST /clone/finalize": () => post("/clone/finalize", { voice_id: crypto.randomUUID(), ...DETAILS }),
  "GET /voices": () => get("/voices"),
  "GET /voices/:id/preview": () => get(`/voices/${crypto.randomUUID()}/preview`),
  "DELETE /voices/:id": () => ({ path: `/voices/${crypto.randomUUID()}`, method: "DELETE" }),
  "POST /generate": () => post("/generate", { voice_id: crypto.randomUUID(), text: DETAILS.transcript }),
  "GET /tasks/:id": () => get(`/tasks/${crypto.randomUUID()}`),
  "POST /tasks/:id/cancel": () => ({ path: `/tasks/${crypto.randomUUID()}/cancel`, method: "POST" }),
  "GET /generations/:id/audio": () => get(`/generations/${crypto.randomUUID()}/audio`),
} satisfies Record<string, () => UserRequest>;

/**
 * Sends a request and reads all of its answer.
 * @throws with what was answered, when that is neither 2xx nor a redirect, which is not followed
 */
export async function answered(
  base: string,
  { path, ...request }: UserRequest,
  headers: Record<string, string>,
): Promise<void> {
  const response = await fetch(base + path, { ...request, headers, redirect: "manual" });
  const text = await response.text();
  if (response.status >= 400) {
    throw new Error(`${request.method} ${path} answers ${response.status}: ${text}`);
  }
}
