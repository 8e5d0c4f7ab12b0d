import { z } from "zod";
import { createKeysOf, type SigningKeys } from "../signing_keys.ts";
import { stack } from "./stack.ts";

export type { SigningKeys };

const session = z.object({ access_token: z.string(), user: z.object({ id: z.guid() }) });

export type User = {
  id: string;
  /** As the auth server issued it; verifying it takes a request. */
  accessToken: string;
};

/** Signs a new user up at the auth server. */
export async function signUp(): Promise<User> {
  const response = await fetch(`${stack.supabase_url}/auth/v1/signup`, {
    method: "POST",
    headers: { apikey: stack.publishable_key, "Content-Type": "application/json" },
    body: JSON.stringify({ email: `${crypto.randomUUID()}@example.com`, password: crypto.randomUUID() }),
  });
  const { access_token, user } = session.parse(await response.json());
  return { id: user.id, accessToken: access_token };
}

/** Signs in at the auth server without an account. */
export async function signInAnonymously(): Promise<User> {
  const response = await fetch(`${stack.supabase_url}/auth/v1/signup`, {
    method: "POST",
    headers: { apikey: stack.publishable_key, "Content-Type": "application/json" },
    body: "{}",
  });
  const { access_token, user } = session.parse(await response.json());
  return { id: user.id, accessToken: access_token };
}

/** Signing keys of the stack that the tests run on. */
export const createSigningKeys = () => createKeysOf(stack.supabase_url);
