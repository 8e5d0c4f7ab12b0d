/** A package whose licence is not on the list, and why it may be used. */
export type LicenceException = {
  packageName: string;
  /** As in the lock; the exception holds for no other. */
  licence: string;
  /** Whether it may be deployed. */
  deployed: boolean;
  why: string;
};

/** SPDX identifiers that packages may have. */
export type LicencePolicy = {
  deployed: readonly string[];
  development: readonly string[];
  exceptions: readonly LicenceException[];
};

/** Licences that ask for no more than their own text and a notice. */
const PERMISSIVE = ["MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "Apache-2.0"];
const LIST_OF_NAMES = "A list of names, read by the check of licences itself; its manifest names its author.";

export const POLICY: LicencePolicy = {
  deployed: PERMISSIVE,
  development: [...PERMISSIVE, "MIT-0", "BlueOak-1.0.0", "CC0-1.0", "Unlicense"],
  exceptions: [
    {
      ...{ packageName: "mediabunny", licence: "MPL-2.0", deployed: true },
      why:
        "Its copyleft ends at its own files, which are deployed as npm has them: nothing of ours falls under it, and " +
        "only a changed file of theirs would have to be published.",
    },
    {
      ...{ packageName: "@echogarden/espeak-ng-emscripten", licence: "GPL-3.0", deployed: false },
      why: "The simulator's voice. It speaks on the machines of developers and is handed on to nobody.",
    },
    { packageName: "spdx-exceptions", licence: "CC-BY-3.0", deployed: false, why: LIST_OF_NAMES },
    { packageName: "spdx-ranges", licence: "(MIT AND CC-BY-3.0)", deployed: false, why: LIST_OF_NAMES },
  ],
};
