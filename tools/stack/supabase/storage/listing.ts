import { z } from "zod";
import { wholeNumber } from "./request_bodies.ts";
import { type ObjectRow, timesOf } from "./storage_rows.ts";

const order = z.enum(["asc", "desc"]).default("asc");

/** The body of `POST /object/list/BUCKET`. */
export const listRequest = z.object({
  prefix: z.string(),
  limit: wholeNumber(1).optional(),
  offset: wholeNumber(0).optional(),
  search: z.string().default(""),
  sortBy: z.object({ column: z.enum(["name", "created_at", "updated_at", "last_accessed_at"]), order })
    .default({ column: "name", order: "asc" }),
});

/** The body of `POST /object/list-v2/BUCKET`. */
export const listV2Request = z.object({
  prefix: z.string().default(""),
  limit: wholeNumber(1).optional(),
  cursor: z.string().optional(),
  with_delimiter: z.boolean().default(false),
  sortBy: z.object({ column: z.enum(["name", "created_at", "updated_at"]), order })
    .default({ column: "name", order: "asc" }),
});

/** The folder whose content a list wants, with the slash at its end; "" is the bucket itself. */
export function folderOf(prefix: string): string {
  return prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
}

type Entry = {
  name: string;
  id: string | null;
  updated_at: string | null;
  created_at: string | null;
  last_accessed_at: string | null;
  metadata: ObjectRow["metadata"] | null;
};

const entryOf = (row: ObjectRow, name: string): Entry => ({
  name,
  id: row.id,
  ...timesOf(row),
  metadata: row.metadata,
});

const nothing = { id: null, updated_at: null, created_at: null, last_accessed_at: null, metadata: null };

const compare = (x: string | null, y: string | null) => (x ?? "") < (y ?? "") ? -1 : x === y ? 0 : 1;

/** Sorts by a column, and by name what is the same there: folders have a name alone. */
const sorted = (
  entries: Iterable<Entry>,
  { column, order }: { column: keyof Omit<Entry, "id" | "metadata">; order: string },
) =>
  [...entries].sort((a, b) =>
    (order === "desc" ? -1 : 1) * (compare(a[column], b[column]) || compare(a.name, b.name))
  );

/**
 * One level of the tree below the folder, as hosted Storage lists it: names relative to it, deeper keys as one folder each,
 * folders first.
 */
export function listEntries(rows: ObjectRow[], request: z.infer<typeof listRequest>): Entry[] {
  const folder = folderOf(request.prefix);
  const [folders, files] = [new Map<string, Entry>(), new Map<string, Entry>()];
  for (const row of rows) {
    if (!row.name.startsWith(folder)) continue;
    const [name = "", ...deeper] = row.name.slice(folder.length).split("/");
    if (!name.toLowerCase().startsWith(request.search.toLowerCase())) continue;
    if (deeper.length === 0) files.set(name, entryOf(row, name));
    else folders.set(name, { name, ...nothing });
  }
  const { offset = 0, limit = 100 } = request;
  return [folders, files].flatMap((group) => sorted(group.values(), request.sortBy))
    .slice(offset, offset + limit);
}

/**
 * What lies below a prefix, as `list-v2` of hosted Storage returns it: whole names, and with a delimiter deeper keys as one
 * folder each. A cursor names the last entry of the page before.
 */
export function listV2Entries(rows: ObjectRow[], request: z.infer<typeof listV2Request>) {
  const { prefix, with_delimiter: byFolder } = request;
  const base = prefix.slice(0, prefix.lastIndexOf("/") + 1);
  const entries = new Map<string, Entry>();
  for (const row of rows) {
    if (!row.name.startsWith(prefix)) continue;
    const slash = byFolder ? row.name.indexOf("/", prefix.length) : -1;
    const name = slash === -1 ? row.name : row.name.slice(0, slash + 1);
    entries.set(name, slash === -1 ? entryOf(row, name) : { name, ...nothing });
  }
  const all = sorted(entries.values(), request.sortBy);
  const names = all.map(({ name }) => btoa(encodeURI(name)));
  const start = request.cursor === undefined ? 0 : names.indexOf(request.cursor) + 1;
  const end = start + (request.limit ?? 1000);
  const page = all.slice(start, end).map((entry) => ({
    key: entry.name.slice(base.length).replace(/\/$/, ""),
    ...entry,
  }));
  const hasNext = end < all.length;
  return {
    hasNext,
    ...(hasNext ? { nextCursor: names[end - 1] } : {}),
    folders: page.filter(({ id }) => id === null),
    objects: page.filter(({ id }) => id !== null),
  };
}
