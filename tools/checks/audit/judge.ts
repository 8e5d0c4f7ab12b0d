import type { Accepted } from "./accepted.ts";
import { type Finding, rank } from "./findings.ts";

/** What becomes of a finding: it fails the audit, is too slight for a package of development, or is accepted for now. */
export type Verdict = "fails" | "slight" | "accepted";

export type Judgement = {
  verdicts: { finding: Finding; verdict: Verdict }[];
  /** What is wrong with the list of those that are accepted, a sentence each. */
  problems: string[];
};

/**
 * Whatever is known of a deployed package fails, `info` excepted: it is no vulnerability. In development it takes `high`,
 * for nobody from outside reaches those.
 */
function fails(finding: Finding): boolean {
  return rank(finding.severity) >= rank(finding.deployed ? "low" : "high");
}

/** @param today as `YYYY-MM-DD` */
export function judge(findings: readonly Finding[], accepted: readonly Accepted[], today: string): Judgement {
  const concerns = (item: Accepted, { packageName, advisory }: Finding) =>
    item.packageName === packageName && item.advisory === advisory;
  const problems = accepted.flatMap((item) => {
    const what = `${item.advisory} in ${item.packageName} (tools/checks/audit/accepted.ts)`;
    if (!findings.some((finding) => concerns(item, finding))) return [`${what} is accepted and not found.`];
    return item.until < today ? [`${what} was accepted until ${item.until}.`] : [];
  });
  const verdicts = findings.map((finding) => {
    const isAccepted = accepted.some((item) => concerns(item, finding) && item.until >= today);
    const verdict: Verdict = isAccepted ? "accepted" : fails(finding) ? "fails" : "slight";
    return { finding, verdict };
  });
  return { verdicts, problems };
}
