import type { LockedPackage } from "../locked_packages.ts";
import type { AuditReport, Severity } from "./npm_audit.ts";

/** A known vulnerability in a package that is locked here. */
export type Finding = {
  packageName: string;
  severity: Severity;
  title: string;
  /** The advisory's address. */
  url: string;
  /** The last part of that address, such as `GHSA-xxxx-xxxx-xxxx`. */
  advisory: string;
  deployed: boolean;
  /** What npm would do about it. */
  fix: string;
};

const ORDER: readonly Severity[] = ["critical", "high", "moderate", "low", "info"];

/** How grave one is: 0 for `info`, up to 4 for `critical`. */
export function rank(severity: Severity): number {
  return ORDER.length - 1 - ORDER.indexOf(severity);
}

function fixOf(fix: AuditReport["vulnerabilities"][string]["fixAvailable"]): string {
  if (typeof fix === "object") return `${fix.name} ${fix.version}`;
  return fix ? "npm audit fix" : "none yet";
}

/**
 * The advisories of a report, each with the package that it is about: deployed ones first, the gravest first. Packages that
 * merely need such a package are left out.
 */
export function findingsOf(report: AuditReport, packages: readonly LockedPackage[]): Finding[] {
  const deployed = new Set(packages.filter((locked) => locked.deployed).map(({ path }) => path));
  return Object.entries(report.vulnerabilities).flatMap(([packageName, { via, nodes, fixAvailable }]) =>
    via.filter((item) => typeof item === "object").map(({ title, url, severity }) => ({
      packageName,
      severity,
      title,
      url,
      advisory: url.split("/").at(-1) ?? url,
      deployed: nodes.some((path) => deployed.has(path)),
      fix: fixOf(fixAvailable),
    }))
  ).sort((a, b) => Number(b.deployed) - Number(a.deployed) || rank(b.severity) - rank(a.severity));
}
