import { basename } from "node:path";
import postgres from "postgres";
import { messageOf } from "../log.ts";
import { readTap } from "./tap.ts";

/** What came of some tests. */
export type Report = {
  /** Of the file, or of what else was tested. */
  name: string;
  tests: number;
  /** How long they took, in milliseconds. */
  ms: number;
  /** Each failing test with its diagnostics, and whatever else is wrong; empty when all is well. */
  problems: string[];
};

/** How long a file may take; one that waits for a lock would wait for ever. */
const LIMIT_MS = 60_000;

/** What is wrong with the frame of a file, which leaves nothing behind when it is right. */
function frameProblems(sql: string): string[] {
  const code = sql.replace(/--.*$/gm, "").trim();
  return [
    ...(/^begin;/i.test(code) ? [] : ["The file does not begin with `begin;`."]),
    ...(/\brollback;$/i.test(code) ? [] : ["The file does not end with `rollback;`."]),
    ...(/^\s*commit\b/im.test(code) ? ["The file commits: what it did stays."] : []),
  ];
}

/** What PostgreSQL says of an error, with the line of the file where it knows one. */
function sqlProblem(error: unknown, sql: string): string {
  if (!(error instanceof postgres.PostgresError)) return messageOf(error);
  const position = Number(error.position);
  const place = Number.isInteger(position) ? `, line ${sql.slice(0, position).split("\n").length}` : "";
  return [`${error.severity} ${error.code}${place}: ${error.message}`, error.detail, error.hint, error.where]
    .filter((part) => part !== undefined).join("\n");
}

/**
 * Runs one file of pgTAP in a session of its own, as the role of `databaseUrl`, and says what came of it. The file is sent
 * whole; an SQL error ends it, as it would the transaction.
 */
export async function runTestFile(
  { databaseUrl, path }: { databaseUrl: string; path: string },
): Promise<Report> {
  const started = performance.now();
  const sql = await Deno.readTextFile(path);
  const frame = frameProblems(sql);
  const lines: string[] = [];
  const errors: string[] = [];
  if (frame.length === 0) {
    const session = postgres(databaseUrl, {
      max: 1,
      onnotice: () => {},
      connection: { statement_timeout: LIMIT_MS },
    });
    try {
      // pgTAP answers one column of text; a row may hold several lines.
      await session.unsafe(sql).simple().forEach((row) => {
        const [text, ...others] = Object.values(row);
        if (typeof text === "string" && others.length === 0) lines.push(...text.split("\n"));
      });
    } catch (error) {
      errors.push(sqlProblem(error, sql));
    } finally {
      await session.end({ timeout: 1 });
    }
  }
  const { tests, problems } = readTap(lines);
  const ms = performance.now() - started;
  return {
    name: basename(path),
    tests,
    ms,
    problems: frame.length > 0 ? frame : [...problems, ...errors],
  };
}
