import { z } from "zod";
import { alignColumns } from "../../stack/table.ts";
import { readLockedPackages } from "../locked_packages.ts";
import type { Accepted } from "./accepted.ts";

const SEVERITIES = ["info", "low", "moderate", "high", "critical"] as const;

const advisory = z.object({ title: z.string(), url: z.string(), severity: z.enum(SEVERITIES) });

const availableFix = z.union([z.boolean(), z.object({ name: z.string(), version: z.string() })]);

/** What is needed of the answer of `npm audit --json`. */
const auditReport = z.object({
  auditReportVersion: z.literal(2),
  vulnerabilities: z.record(
    z.string(),
    z.object({
      nodes: z.array(z.string()),
      // A name is another vulnerable package of the report that this one depends on.
      via: z.array(z.union([z.string(), advisory])),
      fixAvailable: availableFix,
    }),
  ),
  metadata: z.object({ dependencies: z.object({ total: z.number() }) }),
});

/** What npm prints instead of a report. */
const failure = z.object({
  message: z.string().optional(),
  statusCode: z.number().optional(),
  error: z.object({ summary: z.string() }).optional(),
});

/** Answers of a registry without advisories, such as a mirror. One that refuses may have them. */
const NO_ADVISORIES: readonly number[] = [404, 405, 410, 501];

export type AuditOptions = {
  /** Where `package-lock.json` is. */
  folder: string;
  accepted: readonly Accepted[];
  /** As `YYYY-MM-DD`. */
  today: string;
  /** Whether a registry without advisories is a failure. */
  required: boolean;
  /** Milliseconds that one request of npm may take. */
  timeoutMs: number;
  /** How many times npm retries when the registry fails. */
  retries: number;
  /** Added to the environment of npm. */
  environment?: Readonly<Record<string, string>>;
};

/**
 * Has npm ask its registry for the advisories of every locked package, and judges them. Development packages are
 * included, and the registry is asked, however npm is configured.
 * @throws {Error} with a sentence, when the registry fails or refuses
 */
export async function runAudit(options: AuditOptions): Promise<{ lines: string[]; exitCode: 0 | 1 }> {
  const { stdout } = await new Deno.Command("npm", {
    args: [
      ...["audit", "--json", "--include=dev", "--include=optional", "--include=peer", "--offline=false"],
      ...[`--fetch-timeout=${options.timeoutMs}`, `--fetch-retries=${options.retries}`],
    ],
    cwd: options.folder,
    env: { ...options.environment },
    stdin: "null",
    stderr: "null",
  }).output();
  const answer = parseJson(new TextDecoder().decode(stdout));
  const report = auditReport.safeParse(answer);
  if (report.success) return await judge(report.data, options);
  const { statusCode = 0, message, error } = failure.safeParse(answer).data ?? {};
  if (!NO_ADVISORIES.includes(statusCode)) {
    throw new Error(`npm could not ask for advisories: ${message || error?.summary || "it gave no reason"}`);
  }
  const line = `The registry has no advisories (status ${statusCode}): nothing was checked.`;
  return { lines: [line], exitCode: options.required ? 1 : 0 };
}

async function judge(
  { vulnerabilities, metadata }: z.output<typeof auditReport>,
  { folder, accepted, today }: AuditOptions,
): Promise<{ lines: string[]; exitCode: 0 | 1 }> {
  const locked = await readLockedPackages(folder);
  const deployedPaths = new Set(locked.filter(({ deployed }) => deployed).map(({ path }) => path));
  const findings = Object.entries(vulnerabilities).flatMap(([packageName, { via, nodes, fixAvailable }]) =>
    via.filter((item) => typeof item === "object").map(({ title, url, severity }) => {
      const deployed = nodes.some((path) => deployedPaths.has(path));
      const isThis = (item: Accepted) =>
        item.packageName === packageName && url.endsWith(`/${item.advisory}`);
      const rank = SEVERITIES.indexOf(severity);
      // `info` is not a vulnerability, and nobody outside reaches a development package.
      const fails = rank >= SEVERITIES.indexOf(deployed ? "low" : "high");
      const isAccepted = accepted.some((item) => isThis(item) && item.until >= today);
      const verdict = isAccepted ? "accepted" : fails ? "fails" : "slight";
      const where = deployed ? "deployed" : "development";
      const cells = [verdict, packageName, severity, where, fixOf(fixAvailable), title, url];
      return { verdict, rank, deployed, isThis, cells };
    })
  ).sort((a, b) => Number(b.deployed) - Number(a.deployed) || b.rank - a.rank);
  const problems = accepted.flatMap((item) => {
    const what = `${item.advisory} in ${item.packageName} (tools/checks/audit/accepted.ts)`;
    if (!findings.some(({ isThis }) => isThis(item))) return [`${what} is accepted and not found.`];
    return item.until < today ? [`${what} was accepted until ${item.until}.`] : [];
  });
  const failing = findings.filter(({ verdict }) => verdict === "fails").length;
  const headings = ["", "package", "severity", "where", "fix", "title", "advisory"];
  return {
    lines: [
      ...(findings.length > 0 ? alignColumns([headings, ...findings.map(({ cells }) => cells)]) : []),
      ...problems,
      `Packages: ${metadata.dependencies.total}. Known vulnerabilities: ${findings.length}, ${failing} to fix.`,
    ],
    exitCode: failing > 0 || problems.length > 0 ? 1 : 0,
  };
}

function fixOf(fix: z.output<typeof availableFix>): string {
  if (typeof fix === "object") return `${fix.name} ${fix.version}`;
  return fix ? "npm audit fix" : "none yet";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
