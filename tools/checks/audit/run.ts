import { readLockedPackages } from "../locked_packages.ts";
import type { Accepted } from "./accepted.ts";
import { findingsOf } from "./findings.ts";
import { judge } from "./judge.ts";
import { npmAudit, type NpmAuditOptions } from "./npm_audit.ts";
import { renderFindings } from "./table.ts";

export type AuditOptions = NpmAuditOptions & {
  accepted: readonly Accepted[];
  /** As `YYYY-MM-DD`. */
  today: string;
  /** Whether a registry that has no advisories is a failure. */
  required: boolean;
};

/**
 * Asks for the known vulnerabilities of all locked packages and judges them.
 * @throws {Error} with a sentence, when there was no answer to judge
 */
export async function runAudit(options: AuditOptions): Promise<{ lines: string[]; exitCode: 0 | 1 }> {
  const packages = await readLockedPackages(options.folder);
  const asked = await npmAudit(options);
  if ("unavailable" in asked) {
    const line = `The registry has no advisories (status ${asked.unavailable}): nothing was checked.`;
    return { lines: [line], exitCode: options.required ? 1 : 0 };
  }
  const findings = findingsOf(asked.report, packages);
  const { verdicts, problems } = judge(findings, options.accepted, options.today);
  const failing = verdicts.filter(({ verdict }) => verdict === "fails").length;
  const { total } = asked.report.metadata.dependencies;
  return {
    lines: [
      ...(findings.length > 0 ? renderFindings(verdicts) : []),
      ...problems,
      `Packages: ${total}. Known vulnerabilities: ${findings.length}, of which ${failing} must be mended.`,
    ],
    exitCode: failing > 0 || problems.length > 0 ? 1 : 0,
  };
}
