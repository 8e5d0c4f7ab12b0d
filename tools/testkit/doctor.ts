// What edge tests and the doctor's own take from `npm run doctor`.
import assert from "node:assert/strict";
import { type Check, lineOf } from "../operator/doctor/check_result.ts";

export { type Check } from "../operator/doctor/check_result.ts";
export { providerChecks } from "../operator/doctor/provider_checks.ts";
export { reach } from "../operator/doctor/reach.ts";
export { REMEDIES } from "../operator/doctor/remedies.ts";

/** The checks that are not ok. */
export const notOk = (checks: readonly Check[]): Check[] => checks.filter(({ status }) => status !== "ok");

/**
 * Holds checks to the text that is printed of them: a line each, `status name: detail -> fix`, however it is indented. A
 * `*` stands for anything.
 */
export function assertPrinted(checks: readonly Check[], text: string): void {
  const printed = checks.map((check) => lineOf(check).replace(/ +/, " "));
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  assert.equal(printed.length, lines.length, printed.join("\n"));
  for (const [index, line] of lines.entries()) {
    const literals = line.split("*").map((literal) => literal.replaceAll(/[\\^$.+?()[\]{}|]/g, "\\$&"));
    assert.match(printed[index] ?? "", new RegExp(`^${literals.join(".*")}$`));
  }
}
