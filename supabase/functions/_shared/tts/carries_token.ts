/**
 * Whether a provider voice id carries this enrollment token. It may stand anywhere in the id and in any case: the
 * provider documents the id by one example, and an id with ten other characters that equal the token does not occur.
 * @param token ten characters of `[a-z0-9]`
 */
export function carriesToken(providerVoiceId: string, token: string): boolean {
  return token !== "" && providerVoiceId.toLowerCase().includes(token.toLowerCase());
}
