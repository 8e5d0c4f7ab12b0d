import spdxSatisfies from "spdx-satisfies";
import type { LockedPackage } from "../locked_packages.ts";
import type { LicencePolicy } from "./licence_policy.ts";

/** Throws for what is no SPDX expression; the package brings no types. */
const satisfies: (expression: string, allowed: readonly string[]) => boolean = spdxSatisfies;

/** Whether an SPDX expression is met by licences of a list; null for what is no such expression. */
function isMet(expression: string, allowed: readonly string[]): boolean | null {
  try {
    return satisfies(expression, allowed);
  } catch {
    return null;
  }
}

/** What is wrong with the licences of packages, a sentence each: none when all keep to the policy. */
export function judgeLicences(packages: readonly LockedPackage[], policy: LicencePolicy): string[] {
  const used = new Set<unknown>();
  const problems = packages.flatMap((locked): string[] => {
    const { name, version, licence, deployed } = locked;
    const where = deployed ? "deployed" : "development only";
    if (licence === undefined) return [`${name} ${version} (${where}) names no licence.`];
    const exception = policy.exceptions.find((known) =>
      known.packageName === name && known.licence === licence && (known.deployed || !deployed)
    );
    if (exception) {
      used.add(exception);
      return [];
    }
    const met = isMet(licence, deployed ? policy.deployed : policy.development);
    if (met) return [];
    const what = met === null ? "is no SPDX licence" : "is not on the list";
    return [`${name} ${version} (${where}): ${licence} ${what}.`];
  });
  const unused = policy.exceptions.filter((exception) => !used.has(exception));
  return [
    ...problems,
    ...unused.map(({ packageName, licence }) =>
      `The exception for ${packageName} (${licence}) is not needed.`
    ),
  ];
}
