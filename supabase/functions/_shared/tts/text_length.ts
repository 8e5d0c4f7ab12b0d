const utf8 = new TextEncoder();

/**
 * How long a text is, as the provider may count it at most. Its limit of 600 is read as characters of which a Han character
 * counts as two, and as bytes of UTF-8 (docs/qwen-api.md, "Synthesis"). No character has fewer bytes than it counts
 * otherwise (a Han character has three or four), so the bytes are the strictest reading: what fits by them, fits.
 */
export function textLength(text: string): number {
  return utf8.encode(text).length;
}
