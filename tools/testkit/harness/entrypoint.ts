import { fileURLToPath } from "node:url";
import { startListening } from "../../stack/function/function_command.ts";
import { watchAnswers } from "./answer_check.ts";
import { createKeptLog, serveLocally } from "./api.ts";

const root = fileURLToPath(import.meta.resolve("../../../"));

export const ENTRYPOINT = fileURLToPath(import.meta.resolve("../../../supabase/functions/api/index.ts"));

/** Runs Deno in the repository and gives what it prints on standard output. */
export async function runDeno(...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: root }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Hands requests on to the function in its own process, and its answers back as they are. */
function forwardTo(origin: string): (request: Request) => Promise<Response> {
  return ({ url, method, headers, body }) => {
    const { pathname, search } = new URL(url);
    const sent = new Headers(headers);
    sent.delete("host");
    sent.set("accept-encoding", "identity");
    return fetch(origin + pathname + search, { method, headers: sent, body, redirect: "manual" });
  };
}

/**
 * Starts the deployed file as the platform does, in a process of its own with network and environment and nothing else,
 * and resolves when it listens, on the Deno that runs the tests. Once `stop` has resolved, `logged` is whole. Its answers
 * are held to docs/openapi.json, as those of `startApi` are.
 * @param options.before the source of a script that runs first
 */
export async function startEntrypoint(
  environment: Record<string, string>,
  options: { before?: string } = {},
) {
  const { logged, write } = createKeptLog();
  const served = await startListening({
    deno: Deno.execPath(),
    root,
    entrypoint: ENTRYPOINT,
    environment,
    preload: options.before ? [`data:text/javascript,${encodeURIComponent(options.before)}`] : [],
    log: write,
  });
  const watched = serveLocally(watchAnswers(forwardTo(served.url)));
  const stop = async () => {
    await Promise.all([served.stop(), watched.stop()]);
  };
  return {
    url: `${watched.url}/api`,
    /** What it printed so far, without Deno's greeting. */
    logged,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
