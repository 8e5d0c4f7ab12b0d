import { join } from "node:path";
import { z } from "zod";

const names = z.record(z.string(), z.string()).default({});

/** What is needed of npm's lock file, version 3 (docs.npmjs.com, package-lock.json). */
const lockFile = z.object({
  lockfileVersion: z.literal(3),
  packages: z.record(
    z.string(),
    z.object({
      name: z.string().optional(),
      version: z.string().optional(),
      // Older manifests have objects and lists here: then nothing is said in SPDX.
      license: z.string().optional().catch(undefined),
      dependencies: names,
      optionalDependencies: names,
      peerDependencies: names,
      peerDependenciesMeta: z.record(z.string(), z.object({ optional: z.boolean().default(false) })).default(
        {},
      ),
    }),
  ),
});

type Entries = z.output<typeof lockFile>["packages"];

/** A package that `package-lock.json` names. */
export type LockedPackage = {
  /** Where npm puts it, such as `node_modules/hono`. */
  path: string;
  name: string;
  version: string;
  /** As its manifest says it, in SPDX as a rule. */
  licence?: string;
  /** Whether what is deployed needs it: `dependencies` of `package.json`, and all that those need in turn. */
  deployed: boolean;
};

/**
 * Every package of the `package-lock.json` in a folder, in its order.
 * @throws {Error} when the file is not there, is of another version, or lacks what a deployed package needs
 */
export async function readLockedPackages(folder: string): Promise<LockedPackage[]> {
  const text = await Deno.readTextFile(join(folder, "package-lock.json"));
  const { packages } = lockFile.parse(JSON.parse(text));
  const deployed = pathsOfDeployed(packages);
  return Object.entries(packages).filter(([path]) => path !== "").map(([path, entry]) => ({
    path,
    name: entry.name ?? path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length),
    version: entry.version ?? "",
    licence: entry.license,
    deployed: deployed.has(path),
  }));
}

function pathsOfDeployed(packages: Entries): Set<string> {
  const found = new Set<string>();
  const waiting = [""];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const entry = packages[path];
    const peers = Object.keys(entry?.peerDependencies ?? {})
      .filter((name) => !entry?.peerDependenciesMeta[name]?.optional);
    const optional = Object.keys(entry?.optionalDependencies ?? {});
    for (const name of [...Object.keys(entry?.dependencies ?? {}), ...peers, ...optional]) {
      const target = pathOf(name, path, packages);
      if (target === undefined && optional.includes(name)) continue;
      if (target === undefined) {
        throw new Error(`package-lock.json lacks ${name}, which ${path || "package.json"} needs.`);
      }
      if (!found.has(target)) waiting.push(target);
      found.add(target);
    }
  }
  return found;
}

/** Where Node finds a package for another one: beside it or in a folder above. */
function pathOf(name: string, from: string, packages: Entries): string | undefined {
  for (let base = from;; base = base.slice(0, Math.max(0, base.lastIndexOf("node_modules/") - 1))) {
    const path = `${base}${base && "/"}node_modules/${name}`;
    if (path in packages) return path;
    if (base === "") return undefined;
  }
}
