import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Catalog } from "./catalog.ts";

/** What a database should hold. */
export type Expected = Made & { catalog: Catalog };

/** What the migrations of a folder leave behind, each with the file that made it as it is. */
export type Made = {
  /** In order; `version` is how the Supabase CLI records it. */
  files: { file: string; version: string }[];
  /** By `schema.name`. */
  functions: Map<string, { file: string; bodyMd5: string }>;
  /** By `schema.name`. */
  tables: Map<string, { file: string }>;
  /** By `schema.table: name`. */
  policies: Map<string, ExpectedPolicy>;
  /** By id. */
  buckets: Map<string, ExpectedBucket>;
};

/** A policy as its migration makes it, and the statement that does. */
export type ExpectedPolicy = { file: string; command: string; restrictive: boolean; statement: string };

/** A bucket as its migration makes it; all are private. */
export type ExpectedBucket = { file: string; fileSizeLimit: number; allowedMimeTypes: string[] };

const FUNCTION =
  /\b(?:create(?: or replace)? function ((?:public|private)\.\w+)\s*\([\s\S]*?\$\$([\s\S]*?)\$\$|drop function (?:if exists )?((?:public|private)\.\w+))/gi;
const TABLE =
  /\b(?:create table (?:if not exists )?((?:public|private)\.\w+)|drop table (?:if exists )?((?:public|private)\.\w+))/gi;
const POLICY =
  /\b(?:create policy "([^"]+)"\s+on\s+([\w.]+)\s+(as restrictive\s+)?for (\w+)[^;]*|drop policy (?:if exists )?"([^"]+)"\s+on\s+([\w.]+))/gi;
const BUCKET =
  /insert into storage\.buckets \(id, name, public, file_size_limit, allowed_mime_types\)\s+values\s*\(\s*'(\w+)',\s*'\w+',\s*false,\s*(\d+),\s*array\[([^\]]*)\]/gi;

/**
 * Reads off the migrations what they make: there is no second list to keep. They are written in one way, which
 * expected.test.ts holds against a database that has them all.
 */
export async function readMade(folder: string): Promise<Made> {
  const files: Made["files"] = [];
  for await (const { name: file } of Deno.readDir(folder)) {
    const version = /^(\d+)_.+\.sql$/.exec(file)?.[1];
    if (version !== undefined) files.push({ file, version });
  }
  files.sort((a, b) => a.file < b.file ? -1 : 1);

  const made: Made = {
    files,
    functions: new Map(),
    tables: new Map(),
    policies: new Map(),
    buckets: new Map(),
  };
  for (const { file } of files) take(made, file, await Deno.readTextFile(join(folder, file)));
  return made;
}

function take({ functions, tables, policies, buckets }: Made, file: string, sql: string): void {
  for (const [, made, body = "", dropped] of sql.matchAll(FUNCTION)) {
    if (made) functions.set(made, { file, bodyMd5: md5(body) });
    else if (dropped) functions.delete(dropped);
  }
  for (const [, made, dropped] of sql.matchAll(TABLE)) {
    if (made) tables.set(made, { file });
    else if (dropped) tables.delete(dropped);
  }
  for (const [text, made, table, restrictive, command = "", dropped, of] of sql.matchAll(POLICY)) {
    if (made) {
      policies.set(policyKey(table ?? "", made), {
        file,
        command: command.toLowerCase(),
        restrictive: restrictive !== undefined,
        statement: text.replaceAll(/\s+/g, " "),
      });
    } else policies.delete(policyKey(of ?? "", dropped ?? ""));
  }
  for (const [, id = "", limit, types = ""] of sql.matchAll(BUCKET)) {
    const allowedMimeTypes = [...types.matchAll(/'([^']+)'/g)].map(([, type = ""]) => type);
    buckets.set(id, { file, fileSizeLimit: Number(limit), allowedMimeTypes });
  }
}

/** As `deployment_facts` has it: a checkout may have other line ends than the one that was deployed from. */
function md5(body: string): string {
  return createHash("md5").update(body.replaceAll("\r", "")).digest("hex");
}

/** How a policy is found in `Expected.policies`. */
export const policyKey = (table: string, name: string) => `${table}: ${name}`;
