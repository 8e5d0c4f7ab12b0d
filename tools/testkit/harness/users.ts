import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { z } from "zod";
import { stack } from "./stack.ts";

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

/** Signing keys as a hosted project has them: tokens they signed are verified without a request. */
export async function createSigningKeys() {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const kid = crypto.randomUUID();
  const jwk = { ...await exportJWK(publicKey), kid, alg: "ES256", use: "sig", key_ops: ["verify"] };
  return {
    kid,
    jwk,
    jwks: JSON.stringify({ keys: [jwk] }),
    /** A user token; `claims` and `header` replace what a valid one holds, undefined removes it. */
    sign(
      userId: string,
      claims: Record<string, unknown> = {},
      header: { kid?: string } = {},
    ): Promise<string> {
      const now = Math.floor(Date.now() / 1000);
      const payload = {
        sub: userId,
        iss: `${stack.supabase_url}/auth/v1`,
        aud: "authenticated",
        role: "authenticated",
        is_anonymous: false,
        iat: now,
        exp: now + 3600,
        ...claims,
      };
      return new SignJWT(payload).setProtectedHeader({ alg: "ES256", kid, typ: "JWT", ...header }).sign(
        privateKey,
      );
    },
  };
}

export type SigningKeys = Awaited<ReturnType<typeof createSigningKeys>>;
