import type { DatabaseFacts } from "../../../supabase/functions/_shared/contract/internal_check.ts";
import type { Made } from "./expected.ts";
import type { Remedies } from "./remedies.ts";

/** How the database is brought to what a migration makes, in a sentence. */
export type Mend = ReturnType<typeof createMend>;

/**
 * Remedies for a database, by the file of the migration that they restore. Where a later migration was recorded that this
 * checkout has no file for, it may have changed what the file made: then the sentence is to update the checkout first.
 */
export function createMend(
  { migrations }: Pick<DatabaseFacts, "migrations">,
  { files }: Pick<Made, "files">,
  remedies: Remedies,
) {
  const known = new Map(files.map(({ file, version }) => [file, version]));
  const versions = new Set(known.values());
  const newest = (migrations ?? []).filter((version) => !versions.has(version)).sort().at(-1);

  const unlessNewer = (file: string, fix: string) =>
    newest !== undefined && newest > (known.get(file) ?? "")
      ? `The database may be newer than this checkout, which has no file of migration ${newest}: update it first.`
      : fix;

  return {
    /** A sentence of one's own. */
    by: unlessNewer,
    /** Has the database run statements. */
    sql: (file: string, statements: string) => unlessNewer(file, remedies.sql(statements)),
    /** Applies the migrations that are not applied yet. */
    migrate: (file: string) => unlessNewer(file, remedies.migrate),
  };
}
