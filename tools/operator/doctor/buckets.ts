import type { DatabaseFacts } from "../../../supabase/functions/_shared/contract/internal_check.ts";
import { type Check, failed, ok } from "./check.ts";
import type { Expected, ExpectedBucket } from "./expected.ts";
import type { Mend } from "./mend.ts";

const literals = (texts: readonly string[]) => `array[${texts.map((text) => `'${text}'`).join(", ")}]`;

/** Whether the buckets are there, private, and take what they should. */
export function bucketChecks(
  facts: DatabaseFacts,
  expected: Expected,
  isThere: (made: { file: string }) => boolean,
  mend: Mend,
): Check[] {
  return [...expected.buckets].flatMap(([id, wanted]) => {
    const name = `bucket ${id}`;
    const found = facts.buckets.find((bucket) => bucket.id === id);
    if (!found && !isThere(wanted)) return [];
    const faults = bucketFaults(id, wanted, found);
    if (faults.length === 0) {
      return ok(
        name,
        `It is private, and takes up to ${
          wanted.fileSizeLimit.toLocaleString("en")
        } bytes of the types it should.`,
      );
    }
    const [details, statements] = [0, 1].map((part) => faults.map((fault) => fault[part]));
    return failed(name, (details ?? []).join(" "), mend.sql(wanted.file, (statements ?? []).join("; ")));
  });
}

function bucketFaults(
  id: string,
  wanted: ExpectedBucket,
  found: DatabaseFacts["buckets"][number] | undefined,
): [detail: string, statement: string][] {
  const types = literals(wanted.allowedMimeTypes);
  if (!found) {
    return [[
      `There is no bucket ${id}.`,
      "insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types) " +
      `values ('${id}', '${id}', false, ${wanted.fileSizeLimit}, ${types})`,
    ]];
  }
  const change = (what: string) => `update storage.buckets set ${what} where id = '${id}'`;
  const faults: [string, string][] = [];
  if (found.public) {
    faults.push([
      `The bucket ${id} is public: whoever has a name hears the audio.`,
      change("public = false"),
    ]);
  }
  if (found.file_size_limit !== wanted.fileSizeLimit) {
    faults.push([
      `The bucket ${id} takes ${
        found.file_size_limit ?? "any number of"
      } bytes, not ${wanted.fileSizeLimit}.`,
      change(`file_size_limit = ${wanted.fileSizeLimit}`),
    ]);
  }
  const sorted = (list: readonly string[]) => [...list].sort().join(", ");
  if (sorted(found.allowed_mime_types ?? ["any type"]) !== sorted(wanted.allowedMimeTypes)) {
    faults.push([
      `The bucket ${id} takes ${sorted(found.allowed_mime_types ?? ["any type"])}.`,
      change(`allowed_mime_types = ${types}`),
    ]);
  }
  return faults;
}
