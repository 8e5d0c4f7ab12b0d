import { exportJWK, generateKeyPair, SignJWT } from "jose";

/** ES256 signing keys as a hosted project has them: their tokens are verified without a request. */
export async function createKeysOf(supabaseUrl: string) {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const kid = crypto.randomUUID();
  const jwk = { ...await exportJWK(publicKey), kid, alg: "ES256", use: "sig", key_ops: ["verify"] };
  return {
    kid,
    jwk,
    /** The value of `SUPABASE_JWKS`. */
    jwks: JSON.stringify({ keys: [jwk] }),
    /** A user token, valid for an hour; `claims` and `header` replace the valid values, undefined removes one. */
    sign(
      userId: string,
      claims: Record<string, unknown> = {},
      header: { kid?: string } = {},
    ): Promise<string> {
      const now = Math.floor(Date.now() / 1000);
      const payload = {
        sub: userId,
        iss: `${supabaseUrl}/auth/v1`,
        aud: "authenticated",
        role: "authenticated",
        is_anonymous: false,
        iat: now,
        exp: now + 3600,
        ...claims,
      };
      const protectedHeader = { alg: "ES256", kid, typ: "JWT", ...header };
      return new SignJWT(payload).setProtectedHeader(protectedHeader).sign(privateKey);
    },
  };
}

export type SigningKeys = Awaited<ReturnType<typeof createKeysOf>>;
