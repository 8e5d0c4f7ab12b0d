import { z } from "zod";

const advisory = z.object({
  title: z.string(),
  url: z.string(),
  severity: z.enum(["info", "low", "moderate", "high", "critical"]),
});

/** What is needed of the answer of `npm audit --json`. */
const report = z.object({
  auditReportVersion: z.literal(2),
  vulnerabilities: z.record(
    z.string(),
    z.object({
      nodes: z.array(z.string()),
      // A name stands for another package of this report that is needed.
      via: z.array(z.union([z.string(), advisory])),
      fixAvailable: z.union([z.boolean(), z.object({ name: z.string(), version: z.string() })]),
    }),
  ),
  metadata: z.object({ dependencies: z.object({ total: z.number() }) }),
});

/** What npm says in the place of a report. */
const failure = z.object({
  message: z.string().optional(),
  statusCode: z.number().optional(),
  error: z.object({ summary: z.string() }).optional(),
});

export type AuditReport = z.output<typeof report>;
export type Severity = z.output<typeof advisory>["severity"];

export type NpmAuditOptions = {
  /** Where `package-lock.json` lies. */
  folder: string;
  /** Milliseconds that one request of npm may take. */
  timeoutMs: number;
  /** How many times npm asks again when the registry failed. */
  retries: number;
  /** What npm's process gets to see besides this one's environment. */
  environment?: Readonly<Record<string, string>>;
};

/** What a registry answers that knows no such question, as mirrors do; one that refuses may have advisories all the same. */
const NO_SUCH_QUESTION: readonly number[] = [404, 405, 410, 501];

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Has npm ask its registry for the advisories of every locked package, those of development too, whatever the machine
 * leaves out by default, and where it is set to be offline, too: npm would then report nothing found. `unavailable` with the
 * registry's status when it has none to give.
 * @throws {Error} with a sentence, when the registry should have answered and did not
 */
export async function npmAudit(
  options: NpmAuditOptions,
): Promise<{ report: AuditReport } | { unavailable: number }> {
  const { stdout } = await new Deno.Command("npm", {
    args: [
      ...["audit", "--json", "--include=dev", "--include=optional", "--include=peer"],
      "--offline=false",
      ...[`--fetch-timeout=${options.timeoutMs}`, `--fetch-retries=${options.retries}`],
    ],
    cwd: options.folder,
    env: { ...options.environment },
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).output();
  const answer = parseJson(new TextDecoder().decode(stdout));
  const told = report.safeParse(answer);
  if (told.success) return { report: told.data };
  const { statusCode, message, error } = failure.safeParse(answer).data ?? {};
  if (statusCode !== undefined && NO_SUCH_QUESTION.includes(statusCode)) return { unavailable: statusCode };
  throw new Error(`npm could not ask for advisories: ${message || error?.summary || "it gave no reason"}`);
}
