const utf8 = new TextEncoder();

/**
 * The length of a text in bytes of UTF-8, the strictest reading of the provider's limit of 600. Read otherwise, a Han
 * character counts as two (docs/qwen-api.md, "Synthesis"), and it has three or four bytes.
 */
export function textLength(text: string): number {
  return utf8.encode(text).length;
}
