/** What a stand-in registry is told to know of a package. */
export type KnownAdvisory = { title: string; severity: string; id: string };

/** How it answers the question for advisories: with those it knows, with a status, with a text, or never. */
export type RegistryAnswer =
  | { advisories: Record<string, KnownAdvisory[]> }
  | { status: number }
  | { text: string }
  | "never";

/** npm's path for the question (docs.npmjs.com, `npm audit`, "Bulk Advisory Endpoint"). */
const BULK_PATH = "/-/npm/v1/security/advisories/bulk";

function answerTo(answer: Exclude<RegistryAnswer, "never">): Response {
  if ("status" in answer) return new Response(null, { status: answer.status });
  if ("text" in answer) return new Response(answer.text, { headers: { "content-type": "application/json" } });
  const told = Object.entries(answer.advisories).map(([packageName, advisories]) => [
    packageName,
    advisories.map(({ title, severity, id }, index) => ({
      id: index + 1,
      url: `https://github.com/advisories/${id}`,
      title,
      severity,
      vulnerable_versions: "<2.0.0",
      cwe: [],
      cvss: { score: 0, vectorString: null },
    })),
  ]);
  return Response.json(Object.fromEntries(told));
}

/**
 * A registry on loopback that knows no package, only advisories. `asked` holds each question: versions by the name of their
 * package.
 */
export function startRegistry(answer: RegistryAnswer) {
  const asked: unknown[] = [];
  const ending = new AbortController();
  const where = { hostname: "127.0.0.1", port: 0, signal: ending.signal, onListen() {} };
  const server = Deno.serve(where, async (request) => {
    if (request.method !== "POST") return Response.json({}, { status: 404 });
    // Older versions of npm ask at another path when this one fails.
    if (new URL(request.url).pathname === BULK_PATH) {
      const body = request.body?.pipeThrough(new DecompressionStream("gzip"));
      asked.push(await new Response(body).json());
    }
    return answer === "never" ? await new Promise<Response>(() => {}) : answerTo(answer);
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    asked,
    /** Ends the questions that wait for an answer, too. */
    [Symbol.asyncDispose]: () => {
      ending.abort();
      return server.finished;
    },
  };
}
