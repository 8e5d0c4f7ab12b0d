const ALPHABET = 36n;
const LENGTH = 10;

/**
 * The token that makes a lost provider voice findable: ten base-36 characters of SHA-256(user id, voice id).
 * It stands in the name the provider embeds in its voice id.
 */
export async function enrollmentToken(userId: string, voiceId: string): Promise<string> {
  const digest = new Uint8Array(
    await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${userId}/${voiceId}`)),
  );
  const number = digest.subarray(0, 16).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return (number % ALPHABET ** BigInt(LENGTH)).toString(36).padStart(LENGTH, "0");
}

/**
 * Whether a provider voice id carries this enrollment token. It may stand anywhere in the id and in any case: the
 * provider documents the id by one example, and an id with ten other characters that equal the token does not occur.
 * @param token ten characters of `[a-z0-9]`
 */
export function carriesToken(providerVoiceId: string, token: string): boolean {
  return token !== "" && providerVoiceId.toLowerCase().includes(token.toLowerCase());
}
