import { z } from "zod";
import { isoTime, type ObjectRow } from "./object_rows.ts";

const listSchema = z.object({
  prefix: z.string().default(""),
  limit: z.number().int().min(1).default(100),
  offset: z.number().int().min(0).default(0),
  search: z.string().default(""),
  sortBy: z.object({
    column: z.enum(["name", "created_at", "updated_at", "last_accessed_at"]).default("name"),
    order: z.string().default("asc"),
  }).prefault({}),
});

/** What a list request asks for. */
export type ListRequest = z.infer<typeof listSchema>;

/** Reads the body of `POST /object/list/BUCKET`, or null when it cannot be one. */
export function parseListRequest(body: unknown): ListRequest | null {
  const parsed = listSchema.safeParse(body);
  return parsed.success ? parsed.data : null;
}

/** The folder whose content is wanted, with the slash at its end; "" is the bucket itself. */
export function folderOf({ prefix }: ListRequest): string {
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

function entryOf(row: ObjectRow, name: string): Entry {
  return {
    name,
    id: row.id,
    updated_at: isoTime(row.updated_at ?? row.created_at),
    created_at: isoTime(row.created_at),
    last_accessed_at: isoTime(row.last_accessed_at ?? row.created_at),
    metadata: row.metadata,
  };
}

const nothing = { id: null, updated_at: null, created_at: null, last_accessed_at: null, metadata: null };

/** One level of the tree below the folder, as hosted Storage lists it: names relative to it, deeper keys as one folder each. */
export function listEntries(rows: ObjectRow[], request: ListRequest): Entry[] {
  const folder = folderOf(request);
  const entries = new Map<string, Entry>();
  for (const row of rows) {
    if (!row.name.startsWith(folder)) continue;
    const [name = "", ...deeper] = row.name.slice(folder.length).split("/");
    if (!name.toLowerCase().startsWith(request.search.toLowerCase())) continue;
    if (deeper.length === 0) entries.set(`file ${name}`, entryOf(row, name));
    else entries.set(`folder ${name}`, { name, ...nothing });
  }
  const { column, order } = request.sortBy;
  const sign = order.toLowerCase() === "desc" ? -1 : 1;
  return [...entries.values()]
    .sort((a, b) => {
      const [x, y] = [a[column] ?? "", b[column] ?? ""];
      return sign * (x < y ? -1 : x > y ? 1 : 0);
    })
    .slice(request.offset, request.offset + request.limit);
}
