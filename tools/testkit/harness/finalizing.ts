import { type ApiOptions, startApi } from "./api.ts";
import { createVirtualClock } from "./clock.ts";
import { upload } from "./clone.ts";
import type { ProviderCall } from "./dashscope.ts";
import { createSigningKeys, signUp } from "./users.ts";

/** What the provider was asked, in order. */
export function actions(calls: readonly ProviderCall[]): string[] {
  return calls.map((call) => call.body.input.action);
}

/**
 * A new user with an uploaded clip at an API whose pauses take no time. `finalize` asks with the clip's own details, or
 * with some in their place.
 */
export async function readyToFinalize(
  options: Omit<ApiOptions, "keys"> = {},
) {
  const keys = await createSigningKeys();
  const user = await signUp();
  const token = await keys.sign(user.id);
  const virtual = createVirtualClock();
  const api = await startApi({ clock: virtual, ...options, keys });
  const { body, objectKey } = await upload(api, token);

  return {
    api,
    keys,
    token,
    userId: user.id,
    voiceId: body.voice_id,
    body,
    objectKey,
    /** The pauses made so far, in milliseconds; of the virtual clock, when no other was given. */
    slept: virtual.slept,
    finalize: (other: Record<string, unknown> = {}) =>
      api.call("POST", "/clone/finalize", { token, body: { ...body, ...other } }),
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

export type Ready = Awaited<ReturnType<typeof readyToFinalize>>;
