import { isBuiltin } from "node:module";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { z } from "zod";

/** Where both are, from the folder of the project. */
export const ENTRYPOINT = "supabase/functions/api/index.ts";
export const IMPORT_MAP = "deno.json";

/** What the function imports, lazily and for types too. */
export type ImportGraph = {
  /** The project's own files, from its folder, sorted. */
  files: string[];
  /** Modules in the `node_modules` of the folder, from the folder, sorted. */
  fromPackages: string[];
  /** What the project's own files import that is neither a path nor built into the runtime. */
  named: { file: string; specifier: string }[];
  /** URLs of the modules from anywhere else. */
  foreign: string[];
  /** A sentence for each import that cannot be resolved. */
  unresolved: string[];
};

const resolved = z.object({ error: z.string().optional() }).optional();
const denoInfo = z.object({
  modules: z.array(z.object({
    specifier: z.string(),
    error: z.string().optional(),
    dependencies: z.array(z.object({ specifier: z.string(), code: resolved, type: resolved })).optional(),
  })),
});

const isPath = (specifier: string) => /^\.{0,2}\//.test(specifier);
const isBuiltIn = (specifier: string) => specifier.startsWith("node:") && isBuiltin(specifier);

/**
 * The import graph of the function in a folder, as Deno reads it.
 * @param folder a real path, without links
 * @param denoDir the cache of Deno, its usual one by default
 */
export async function importGraph(folder: string, denoDir?: string): Promise<ImportGraph> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-remote", "--config", join(folder, IMPORT_MAP), join(folder, ENTRYPOINT)],
    cwd: folder,
    env: { DENO_NO_UPDATE_CHECK: "1", ...(denoDir === undefined ? {} : { DENO_DIR: denoDir }) },
    stdin: "null",
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) throw new Error(`Deno cannot read ${ENTRYPOINT}: ${decode(stderr).trim()}`);
  const { modules } = denoInfo.parse(JSON.parse(decode(stdout)));

  const base = `${pathToFileURL(folder).href}/`;
  const graph: ImportGraph = { files: [], fromPackages: [], named: [], foreign: [], unresolved: [] };
  for (const { specifier, error, dependencies = [] } of modules) {
    if (isBuiltIn(specifier)) continue;
    const isHere = specifier.startsWith(base);
    const name = isHere ? relative(folder, fileURLToPath(specifier)) : specifier;
    const isOwn = isHere && !name.startsWith("node_modules/");
    if (error !== undefined) graph.unresolved.push(`${name} cannot be loaded.`);
    else graph[isOwn ? "files" : isHere ? "fromPackages" : "foreign"].push(name);
    for (const { specifier: imported, code, type } of dependencies) {
      if (isOwn && !isPath(imported) && !isBuiltIn(imported)) {
        graph.named.push({ file: name, specifier: imported });
      }
      if (code?.error ?? type?.error) {
        graph.unresolved.push(`${name} imports ${imported}, which is not there.`);
      }
    }
  }
  for (const list of [graph.files, graph.fromPackages, graph.foreign, graph.unresolved]) list.sort();
  return graph;
}

function importsOf(importMap: string): Record<string, string> {
  return z.object({ imports: z.record(z.string(), z.string()) }).parse(JSON.parse(importMap)).imports;
}

/** The packages of an import map with their versions. Throws when it names anything but a version of a package. */
export function packagesOf(importMap: string): Map<string, string> {
  return new Map(
    Object.values(importsOf(importMap)).map((target) => {
      // `npm:name@1.2.3`, and `npm:/name@1.2.3/` for the files of a package.
      const [, name, version] = /^npm:\/?((?:@[\w.-]+\/)?[\w.-]+)@([^/]+)\/?$/.exec(target) ?? [];
      if (name && version) return [name, version] as const;
      throw new Error(`The import map names ${target}, which is no version of a package.`);
    }),
  );
}

/**
 * Whether an import map names a specifier, whole or by a prefix that ends in "/" (HTML standard, "Import maps"). The
 * platform finds a package by nothing else; here `node_modules` would do.
 */
export function namedBy(importMap: string): (specifier: string) => boolean {
  const names = Object.keys(importsOf(importMap));
  return (specifier) =>
    names.some((name) => name === specifier || (name.endsWith("/") && specifier.startsWith(name)));
}
