/** Takes one line without its line end. Lines never hold a key, a token or a signed URL. */
export type Log = (line: string) => void;

const encoder = new TextEncoder();

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let bytes = encoder.encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
  } catch (error) {
    // The reader of a pipe may be gone (`npm start | head`); losing a line must not end the stack.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** Writes lines to standard output; a reader that went away is no error. */
export function logToStdout(line: string): void {
  writeAll(Deno.stdout, `${line}\n`);
}

/** Writes lines to standard error; a reader that went away is no error. */
export function logToStderr(line: string): void {
  writeAll(Deno.stderr, `${line}\n`);
}

/** Calls `log` with each line of a byte stream until it ends; a last line without line end counts. */
export async function logLines(stream: ReadableStream<Uint8Array>, log: Log): Promise<void> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) log(line);
  }
  if (rest !== "") log(rest);
}

/** Whether Node's `parseArgs` threw this: the codes of a command line that cannot be read (nodejs.org, "Errors"). */
const isOfOptions = (error: Error): boolean =>
  "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS_");

/**
 * What an unknown thrown value says, for a log line or a message to a person. Of a command line that cannot be read, its
 * first sentence: what follows there is advice for other programs.
 */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!isOfOptions(error)) return error.message;
  return `${error.message.split(/\n|\.(?:\s|$)/)[0]}. See --help.`;
}
