import { join } from "node:path";
import { takeDataFolder } from "../../stack/data_folder.ts";
import { createRoles, grantSchemaRights, openDatabase } from "../../stack/postgres/project_database.ts";
import { loadKeys } from "../../stack/keys.ts";
import { createObjectStore } from "../../stack/supabase/object_store.ts";
import { startPostgres, superuser } from "../../stack/postgres/postgres.ts";
import { findPostgresPackage, preparePostgresBinaries } from "../../stack/postgres/postgres_binaries.ts";
import { postgresUser, preparePostgresHome } from "../../stack/postgres/postgres_home.ts";
import { startSupabaseLite } from "../../stack/supabase/supabase_lite.ts";
import { installPgtap } from "./extension.ts";

/** A PostgreSQL server of its own, for as many projects as there are databases. */
export type Server = {
  /**
   * Makes a database that has what a hosted project has before its first migration, and pgTAP. Gives the connection
   * string of `postgres`, who is no superuser. The name needs no quotes in SQL.
   */
  createProject(name: string): Promise<string>;
};

/** The database that all others are copied from. */
const TEMPLATE = "postgres";

/** Runs `use` with such a server and removes it afterwards, whatever came of it. */
export async function withServer<Result>(use: (server: Server) => Promise<Result>): Promise<Result> {
  const dataDir = await Deno.makeTempDir({ prefix: "voice-clone-api-pgtap-" });
  await Deno.chmod(dataDir, 0o711);
  const stops = [() => Deno.remove(dataDir, { recursive: true })];
  try {
    const folder = await takeDataFolder(dataDir);
    stops.push(() => folder.release());
    const packageFolder = findPostgresPackage();
    const runAs = await postgresUser();
    const home = await preparePostgresHome(dataDir, runAs);
    const keys = await loadKeys(dataDir);
    const postgres = await startPostgres({
      binaries: await preparePostgresBinaries({ packageFolder, home, runAs }),
      home,
      runAs,
      password: keys.databasePassword,
      processes: folder.processes,
      serverLog: () => {},
      log: () => {},
    });
    stops.push(() => postgres.stop());
    const urlOf = (role: string, database: string) => {
      const url = new URL(postgres.url(role));
      url.pathname = `/${database}`;
      return url.href;
    };

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
    await installPgtap(urlOf("postgres", TEMPLATE));

    // Not the template, which nobody may be connected to while it is copied.
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
