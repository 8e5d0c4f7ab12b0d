import { exportJWK, generateKeyPair, SignJWT } from "jose";

/** Signs users in as a hosted project does: tokens of ES256, verified without a request by whoever has the keys. */
export type Signer = {
  /** What `SUPABASE_JWKS` holds. */
  jwks: string;
  /** A user token, good for an hour. */
  sign(userId: string): Promise<string>;
};

/** @param supabaseUrl the origin of the project, whose auth server is the issuer */
export async function createSigner(supabaseUrl: string): Promise<Signer> {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const kid = crypto.randomUUID();
  const jwk = { ...await exportJWK(publicKey), kid, alg: "ES256", use: "sig", key_ops: ["verify"] };
  return {
    jwks: JSON.stringify({ keys: [jwk] }),
    sign: (userId) =>
      new SignJWT({ role: "authenticated", is_anonymous: false })
        .setProtectedHeader({ alg: "ES256", kid, typ: "JWT" })
        .setSubject(userId).setIssuer(`${supabaseUrl}/auth/v1`).setAudience("authenticated")
        .setIssuedAt().setExpirationTime("1h")
        .sign(privateKey),
  };
}
