import spdxSatisfies from "spdx-satisfies";
import type { LockedPackage } from "../locked_packages.ts";
import type { LicencePolicy } from "./licence_policy.ts";

// The package has no types.
const satisfies: (expression: string, allowed: readonly string[]) => boolean = spdxSatisfies;

/** What is wrong with a licence, if anything. */
function objection(licence: string, allowed: readonly string[]): string | null {
  try {
    return satisfies(licence, allowed) ? null : "is not on the list";
  } catch {
    return "is no SPDX licence";
  }
}

/** What is wrong with the licences of packages, a sentence each. */
export function judgeLicences(packages: readonly LockedPackage[], policy: LicencePolicy): string[] {
  const unused = new Set(policy.exceptions);
  const problems = packages.flatMap(({ name, version, licence, deployed }) => {
    const what = `${name} ${version} (${deployed ? "deployed" : "development only"})`;
    if (licence === undefined) return [`${what} names no licence.`];
    const exception = policy.exceptions.find((known) =>
      known.packageName === name && known.licence === licence && (known.deployed || !deployed)
    );
    if (exception) unused.delete(exception);
    const problem = exception ? null : objection(licence, deployed ? policy.deployed : policy.development);
    return problem ? [`${what}: ${licence} ${problem}.`] : [];
  });
  return [
    ...problems,
    ...[...unused].map(({ packageName, licence }) =>
      `The exception for ${packageName} (${licence}) is not needed.`
    ),
  ];
}
