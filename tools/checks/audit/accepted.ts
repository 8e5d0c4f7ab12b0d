/** A known vulnerability that we live with for a while. */
export type Accepted = {
  /** As npm names the package in which it is. */
  packageName: string;
  /** The last part of the advisory's address, such as `GHSA-xxxx-xxxx-xxxx`. */
  advisory: string;
  /** Why it does no harm here. */
  reason: string;
  /** The last day on which it is accepted, as `YYYY-MM-DD`. */
  until: string;
};

/** One that is over, or that is in no package any more, fails `npm run audit` as a vulnerability does. */
export const ACCEPTED: readonly Accepted[] = [];
