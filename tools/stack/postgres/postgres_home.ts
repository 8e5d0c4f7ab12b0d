import { join } from "node:path";
import { removeIfThere } from "../process/private_file.ts";

/** The user PostgreSQL runs as when the stack runs as root, which PostgreSQL refuses for itself. */
export type RunAs = { uid: number; gid: number; name: string };

/**
 * Whom PostgreSQL runs as: null means the caller. For root it is an existing unprivileged user, since no user is created.
 * Throws when the caller is root and the machine has none.
 */
export async function postgresUser(): Promise<RunAs | null> {
  if (Deno.uid() !== 0) return null;
  const lines = (await Deno.readTextFile("/etc/passwd")).split("\n").map((line) => line.split(":"));
  for (const wanted of ["postgres", "_postgres", "nobody"]) {
    const [name, , uid, gid] = lines.find((fields) => fields[0] === wanted) ?? [];
    // macOS writes nobody as -2.
    if (name && uid && gid) return { name, uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 };
  }
  throw new Error(
    "PostgreSQL does not run as root, and this machine has neither a user postgres nor a user nobody.",
  );
}

/** The options of `Deno.Command` that run a program as this user. */
export const idsOf = (runAs: RunAs | null) => runAs ? { uid: runAs.uid, gid: runAs.gid } : {};

async function canEnter(folder: string, runAs: RunAs): Promise<boolean> {
  const options = { args: ["-c", "test -x ."], cwd: folder, clearEnv: true, ...idsOf(runAs) };
  try {
    return (await new Deno.Command("/bin/sh", options).output()).success;
  } catch {
    return false;
  }
}

/** The folder that holds the cluster, owned by the user who runs PostgreSQL. */
const entryIn = (dataDir: string) => join(dataDir, "postgres");

const isLink = (path: string) => Deno.lstat(path).then(({ isSymlink }) => isSymlink, () => false);

/**
 * Gives the folder for the cluster, made when it is not there: `postgres` in the data folder, or, where the user who runs
 * PostgreSQL cannot reach that (a checkout under /root), a folder under /var/tmp that `postgres` is then a link to.
 * Throws when such a folder was made before and is gone.
 */
export async function preparePostgresHome(dataDir: string, runAs: RunAs | null): Promise<string> {
  const entry = entryIn(dataDir);
  try {
    const home = await Deno.realPath(entry);
    if (!runAs || await canEnter(home, runAs)) return home;
    throw new Error(
      `The user ${runAs.name} cannot enter ${home}, where the database is. Start with --fresh to start over.`,
    );
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  if (await isLink(entry)) {
    throw new Error(
      `The folder that ${entry} links to is gone, and the database with it. Start with --fresh to start over.`,
    );
  }
  await Deno.mkdir(entry, { mode: 0o700 });
  if (!runAs) return await Deno.realPath(entry);
  await Deno.chown(entry, runAs.uid, runAs.gid);
  if (await canEnter(entry, runAs)) return await Deno.realPath(entry);
  await Deno.remove(entry);
  const folder = await Deno.makeTempDir({ dir: "/var/tmp", prefix: "voice-clone-api-postgres-" });
  await Deno.chown(folder, runAs.uid, runAs.gid);
  await Deno.symlink(folder, entry);
  return folder;
}

/** Removes the cluster with everything in it, wherever it is. */
export async function removePostgresHome(dataDir: string): Promise<void> {
  const entry = entryIn(dataDir);
  if (await isLink(entry)) await removeIfThere(await Deno.readLink(entry));
  await removeIfThere(entry);
}
