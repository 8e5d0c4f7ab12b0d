/** Which of the Denos that npm installs: the one of Supabase's edge runtime, or the newest. */
export type WhichDeno = "platform" | "newest";

/**
 * Takes `--deno platform` or `--deno newest` from the front of a command line that is passed on. Without it, the platform's
 * is meant. Throws a sentence for another word.
 */
export function takeDeno(args: readonly string[]): [WhichDeno, string[]] {
  const [option, word, ...rest] = args;
  return option === "--deno" ? [readDeno(word), rest] : ["platform", [...args]];
}

/** The word after `--deno`. Throws a sentence for another one than `platform` and `newest`. */
export function readDeno(word: string | undefined): WhichDeno {
  if (word === "platform" || word === "newest") return word;
  throw new Error(`--deno is "platform" or "newest", not "${word ?? ""}".`);
}
