import { basename } from "node:path";
import postgres from "postgres";
import { z } from "zod";
import { messageOf } from "../../stack/terminal.ts";
import { readTap, type Tap } from "./tap.ts";

/** The outcome of a file, or of whatever `name` is, and how many milliseconds it took. No problems means that it passed. */
export type Report = Tap & { name: string; ms: number };

/** How many milliseconds a file may take; one that waits for a lock would wait for ever. */
const LIMIT_MS = 60_000;

const transactions = z.tuple([z.object({ transaction: z.string() })]);

/** The number of a session's transaction; a new one when it has none. */
async function transactionOf(session: postgres.Sql): Promise<string> {
  const rows = await session`select pg_catalog.pg_current_xact_id()::text as transaction`;
  return transactions.parse([...rows])[0].transaction;
}

/** What PostgreSQL says of an error, with the line of the file where it knows one. */
function sqlProblem(error: unknown, sql: string, from: number): string {
  if (!(error instanceof postgres.PostgresError)) return messageOf(error);
  const position = Number(error.position);
  const line = sql.slice(0, from + position).split("\n").length;
  const place = Number.isInteger(position) ? `, line ${line}` : "";
  return [`${error.severity} ${error.code}${place}: ${error.message}`, error.detail, error.hint, error.where]
    .filter((part) => part !== undefined).join("\n");
}

/**
 * Runs one file of pgTAP in a session of its own, as the role of `databaseUrl`. What is between its `begin;` and its
 * `rollback;` is sent whole, in a transaction that is undone; an SQL error ends it.
 */
export async function runTestFile(databaseUrl: string, path: string): Promise<Report> {
  const started = performance.now();
  const report = ({ tests, problems }: Tap) => ({
    name: basename(path),
    tests,
    ms: performance.now() - started,
    problems,
  });
  const sql = await Deno.readTextFile(path);
  const code = sql.replace(/--.*$/gm, (comment) => " ".repeat(comment.length));
  const begin = /^\s*begin;/i.exec(code);
  const rollback = /\brollback;\s*$/i.exec(code);
  if (!begin || !rollback) {
    const problems = [
      ...(begin ? [] : ["The file does not begin with `begin;`."]),
      ...(rollback ? [] : ["The file does not end with `rollback;`."]),
    ];
    return report({ tests: 0, problems });
  }

  const from = begin[0].length;
  const lines: string[] = [];
  const errors: string[] = [];
  const session = postgres(databaseUrl, {
    ...{ max: 1, onnotice: () => {}, connection: { statement_timeout: LIMIT_MS } },
  });
  try {
    await session.unsafe("begin").simple();
    const opened = await transactionOf(session);
    // pgTAP answers one column of text; a row may contain several lines.
    await session.unsafe(sql.slice(from, rollback.index)).simple().forEach((row) => {
      const [text, ...others] = Object.values(row);
      if (typeof text === "string" && others.length === 0) lines.push(...text.split("\n"));
    });
    // The tag of a command is not enough: that of `rollback to savepoint` is ROLLBACK as well.
    if (await transactionOf(session) !== opened) {
      errors.push("The file ends its transaction before its last line: what it made may stay.");
    }
    await session.unsafe("rollback").simple();
  } catch (error) {
    errors.push(sqlProblem(error, sql, from));
  } finally {
    await session.end({ timeout: 1 });
  }
  const { tests, problems } = readTap(lines);
  return report({ tests, problems: [...problems, ...errors] });
}
