/** What is asked of a person, and where. */
export type Terminal = {
  isTerminal: boolean;
  /** Prints a line. */
  print: (line: string) => void;
  /** Reads a line; null at the end of input. */
  readLine: () => Promise<string | null>;
};

/**
 * Asks whether a voice may be made and paid for.
 * @throws {Error} with a sentence, when the answer is no or there is nobody to ask
 */
export async function agreeToPay(terminal: Terminal): Promise<void> {
  if (!terminal.isTerminal) {
    throw new Error(
      "--live creates a voice, which costs USD 0.01. Without a terminal to ask at, agree with --yes.",
    );
  }
  terminal.print(
    "This creates one voice (USD 0.01) and has it say three words on the account of the provider's key, then deletes " +
      "the voice. Go on? [y/N]",
  );
  const answer = await terminal.readLine();
  if (!/^y(es)?$/i.test(answer?.trim() ?? "")) {
    throw new Error("Nothing was looked at, and nothing was created.");
  }
}

/** The terminal of this process. Its questions go to standard error, for standard output is the report's. */
export function ownTerminal(print: (line: string) => void): Terminal {
  return {
    isTerminal: Deno.stdin.isTerminal(),
    print,
    async readLine() {
      let text = "";
      for await (
        const part of Deno.stdin.readable.pipeThrough(new TextDecoderStream()).values({ preventCancel: true })
      ) {
        text += part;
        if (text.includes("\n")) return text.split("\n")[0] ?? "";
      }
      return text === "" ? null : text;
    },
  };
}
