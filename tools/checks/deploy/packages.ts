import { cp } from "node:fs/promises";
import { join, sep } from "node:path";
import { z } from "zod";
import { readLockedPackages } from "../locked_packages.ts";

const lockSchema = z.looseObject({ packages: z.record(z.string(), z.unknown()) });

/**
 * The folders of these packages and of all they depend on, as the `package-lock.json` in `root` has them. `scratch` is a
 * folder without a lock: one is written there as it would be for a project that depends on these packages alone. Throws when
 * the lock has another version than is wanted, or lacks one.
 */
export async function closureOf(
  { root, scratch, wanted }: { root: string; scratch: string; wanted: ReadonlyMap<string, string> },
): Promise<string[]> {
  const lock = lockSchema.parse(JSON.parse(await Deno.readTextFile(join(root, "package-lock.json"))));
  lock.packages[""] = { dependencies: Object.fromEntries(wanted) };
  await Deno.writeTextFile(join(scratch, "package-lock.json"), JSON.stringify(lock));
  const closure = (await readLockedPackages(scratch)).filter(({ deployed }) => deployed);
  for (const [name, version] of wanted) {
    const found = closure.find(({ path }) => path === `node_modules/${name}`)?.version;
    if (found !== version) {
      throw new Error(`${name} is ${version} in the import map and ${found} in the lock.`);
    }
  }
  return closure.map(({ path }) => path).sort();
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
