import type { Judgement } from "./judge.ts";

const HEADINGS = ["", "package", "severity", "where", "fix", "title", "advisory"];

/** The findings as lines for a person, columns aligned. */
export function renderFindings(verdicts: Judgement["verdicts"]): string[] {
  const rows = [
    HEADINGS,
    ...verdicts.map(({ finding, verdict }) => [
      verdict,
      finding.packageName,
      finding.severity,
      finding.deployed ? "deployed" : "development",
      finding.fix,
      finding.title,
      finding.url,
    ]),
  ];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows.map((cells) =>
    cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()
  );
}
