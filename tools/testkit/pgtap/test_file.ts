import { basename } from "node:path";
import postgres from "postgres";
import { z } from "zod";
import { messageOf } from "../../stack/terminal.ts";
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

/** What stands between the `begin;` and the `rollback;` of a file, and where. */
type Body = { from: number; to: number };

/** Finds it, or says what is wrong with the file's frame. */
function bodyOf(sql: string): Body | string[] {
  const code = sql.replace(/--.*$/gm, (comment) => " ".repeat(comment.length));
  const begin = /^\s*begin;/i.exec(code);
  const rollback = /\brollback;\s*$/i.exec(code);
  if (begin && rollback) return { from: begin[0].length, to: rollback.index };
  return [
    ...(begin ? [] : ["The file does not begin with `begin;`."]),
    ...(rollback ? [] : ["The file does not end with `rollback;`."]),
  ];
}

const transactions = z.array(z.object({ transaction: z.string() })).length(1);

/** The number of the transaction that a session is in; it gets one when it has none. */
async function transactionOf(session: postgres.Sql): Promise<string> {
  const [row] = transactions.parse([
    ...await session`select pg_catalog.pg_current_xact_id()::text as transaction`,
  ]);
  return row?.transaction ?? "";
}

/** What PostgreSQL says of an error, with the line of the file where it knows one; `from` is where the statements began. */
function sqlProblem(error: unknown, sql: string, from: number): string {
  if (!(error instanceof postgres.PostgresError)) return messageOf(error);
  const position = Number(error.position);
  const place = Number.isInteger(position)
    ? `, line ${sql.slice(0, from + position).split("\n").length}`
    : "";
  return [`${error.severity} ${error.code}${place}: ${error.message}`, error.detail, error.hint, error.where]
    .filter((part) => part !== undefined).join("\n");
}

/** Runs what stands in the frame in a transaction that is undone. Gives what pgTAP said, and what else is wrong. */
async function runBody(
  session: postgres.Sql,
  sql: string,
  { from, to }: Body,
): Promise<{ lines: string[]; errors: string[] }> {
  const lines: string[] = [];
  const errors: string[] = [];
  try {
    await session.unsafe("begin").simple();
    const opened = await transactionOf(session);
    // pgTAP answers one column of text; a row may hold several lines.
    await session.unsafe(sql.slice(from, to)).simple().forEach((row) => {
      const [text, ...others] = Object.values(row);
      if (typeof text === "string" && others.length === 0) lines.push(...text.split("\n"));
    });
    // A command's tag would not do: that of `rollback to savepoint` is ROLLBACK as well.
    if (await transactionOf(session) !== opened) {
      errors.push("The file ends its transaction before its last line: what it made may stay.");
    }
    await session.unsafe("rollback").simple();
  } catch (error) {
    errors.push(sqlProblem(error, sql, from));
  }
  return { lines, errors };
}

/**
 * Runs one file of pgTAP in a session of its own, as the role of `databaseUrl`, and says what came of it. What stands
 * between its `begin;` and its `rollback;` is sent whole; an SQL error ends it, as it would the transaction.
 */
export async function runTestFile(
  { databaseUrl, path }: { databaseUrl: string; path: string },
): Promise<Report> {
  const started = performance.now();
  const name = basename(path);
  const sql = await Deno.readTextFile(path);
  const body = bodyOf(sql);
  if (Array.isArray(body)) return { name, tests: 0, ms: performance.now() - started, problems: body };
  const session = postgres(databaseUrl, {
    max: 1,
    onnotice: () => {},
    connection: { statement_timeout: LIMIT_MS },
  });
  try {
    const { lines, errors } = await runBody(session, sql, body);
    const { tests, problems } = readTap(lines);
    return { name, tests, ms: performance.now() - started, problems: [...problems, ...errors] };
  } finally {
    await session.end({ timeout: 1 });
  }
}
