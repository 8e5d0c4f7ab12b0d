/** How long nothing is said, in milliseconds. */
const SILENCE_MS = 5_000;

/**
 * Says now and then how far a long command is. `print` takes one line.
 * @param options.doing what the command does, such as `Reconciling`
 * @param options.tell what came so far, in a few words
 * @param options.atOnce whether somebody watches: then the first line does not wait
 */
export function startProgress<Sum>(options: {
  doing: string;
  tell: (soFar: Sum) => string;
  print: (line: string) => void;
  atOnce: boolean;
}) {
  const { doing, print } = options;
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 1_000);
  let done = "";
  if (options.atOnce) print(`${doing}…`);
  const timer = setInterval(() => print(`${doing} for ${seconds()} s${done}…`), SILENCE_MS);
  return {
    /** After each report: what came so far, or why there was none. */
    told(soFar: Sum | null, failure: string | null): void {
      if (soFar) done = `, ${options.tell(soFar)}`;
      if (failure) print(`${failure} Trying again.`);
    },
    stop: () => clearInterval(timer),
  };
}
