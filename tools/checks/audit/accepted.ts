/** A known vulnerability that is accepted for a while. */
export type Accepted = {
  packageName: string;
  /** The last part of the advisory's URL, such as `GHSA-xxxx-xxxx-xxxx`. */
  advisory: string;
  /** Why it does no harm here. */
  reason: string;
  /** The last day on which it is accepted, as `YYYY-MM-DD`. */
  until: string;
};

/** An entry that is expired or not needed fails `npm run audit`. */
export const ACCEPTED: readonly Accepted[] = [];
