import { cp } from "node:fs/promises";
import { join, sep } from "node:path";
import { readLockedPackages } from "../locked_packages.ts";

/**
 * The folders of the deployed packages in the `package-lock.json` of `root`.
 * @throws {Error} when the lock has another version of a wanted package, or lacks one
 */
export async function deployedFolders(
  { root, wanted }: { root: string; wanted: ReadonlyMap<string, string> },
): Promise<string[]> {
  const locked = (await readLockedPackages(root)).filter(({ deployed }) => deployed);
  for (const [name, version] of wanted) {
    const found = locked.find(({ path }) => path === `node_modules/${name}`)?.version ?? "missing";
    if (found !== version) {
      throw new Error(`${name} is ${version} in the import map and ${found} in the lock.`);
    }
  }
  return locked.map(({ path }) => path).sort();
}

/**
 * Copies package folders, without packages nested in them that were not named. Copies and no links: a package behind a
 * link would find its neighbours in the `node_modules` that it really lies in. And no `npm install`: these are the very
 * files that the tests ran with, and no registry has to be there.
 */
export async function copyPackages(
  { from, into, folders }: { from: string; into: string; folders: readonly string[] },
): Promise<void> {
  for (const folder of folders) {
    const source = join(from, folder);
    const nested = join(source, "node_modules");
    await cp(source, join(into, folder), {
      recursive: true,
      filter: (path) => path !== nested && !path.startsWith(nested + sep),
    });
  }
}
