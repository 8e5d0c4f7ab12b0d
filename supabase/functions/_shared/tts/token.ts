const ALPHABET = 36n;
const LENGTH = 10;

/**
 * The token that finds a lost provider voice: ten base-36 characters of SHA-256(user id, voice id). The provider embeds
 * it in its voice id, as part of the preferred name.
 */
export async function enrollmentToken(userId: string, voiceId: string): Promise<string> {
  const digest = new Uint8Array(
    await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${userId}/${voiceId}`)),
  );
  const number = digest.subarray(0, 16).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return (number % ALPHABET ** BigInt(LENGTH)).toString(36).padStart(LENGTH, "0");
}

/**
 * Whether a provider voice id contains a token, anywhere and in any case: the provider documents its ids by one example.
 * @param token ten characters of `[a-z0-9]`
 */
export function carriesToken(providerVoiceId: string, token: string): boolean {
  return token !== "" && providerVoiceId.toLowerCase().includes(token.toLowerCase());
}
