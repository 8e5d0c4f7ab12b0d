import { join } from "node:path";
import { z } from "zod";

/** npm's lockfile, version 3 (docs.npmjs.com, package-lock.json). */
const lockFile = z.object({
  lockfileVersion: z.literal(3),
  packages: z.record(
    z.string(),
    z.object({
      name: z.string().optional(),
      version: z.string().default(""),
      // Older manifests have objects and lists here.
      license: z.string().optional().catch(undefined),
      dev: z.boolean().default(false),
      devOptional: z.boolean().default(false),
    }),
  ),
});

export type LockedPackage = {
  /** Where npm installs it, such as `node_modules/hono`. */
  path: string;
  name: string;
  version: string;
  /** As in its manifest, usually SPDX. */
  licence?: string;
  /** Whether `dependencies` of `package.json` need it, directly or not. */
  deployed: boolean;
};

/** Every package of the `package-lock.json` in a folder, in its order. */
export async function readLockedPackages(folder: string): Promise<LockedPackage[]> {
  const { packages } = lockFile.parse(JSON.parse(await Deno.readTextFile(join(folder, "package-lock.json"))));
  return Object.entries(packages).filter(([path]) => path !== "").map((
    [path, { name, version, license, dev, devOptional }],
  ) => ({
    path,
    name: name ?? path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length),
    version,
    licence: license,
    // `devOptional`: a deployed package would use it, and only development installs it.
    deployed: !dev && !devOptional,
  }));
}
