import { isBuiltin } from "node:module";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { z } from "zod";

const resolved = z.object({ specifier: z.string().optional(), error: z.string().optional() }).optional();
const infoSchema = z.object({
  modules: z.array(z.object({
    specifier: z.string(),
    error: z.string().optional(),
    dependencies: z.array(z.object({ specifier: z.string(), code: resolved, type: resolved })).optional(),
  })),
});

/** What a file imports, and what that imports, lazy imports and types with it. */
export type ImportGraph = {
  /** The project's own files, from its folder, in order. */
  files: string[];
  /** The modules from packages in the folder's own `node_modules`, from its folder, in order. */
  fromPackages: string[];
  /** What the project's own files import that is neither a path nor built into the runtime, as it stands there. */
  named: { file: string; specifier: string }[];
  /** The modules from anywhere else, as URLs. */
  foreign: string[];
  /** A sentence for each import that leads nowhere. */
  unresolved: string[];
};

const IS_PATH = /^\.{0,2}\//;
const isBuiltIn = (specifier: string) => specifier.startsWith("node:") && isBuiltin(specifier);

/** The import graph of `entrypoint`, as Deno reads it. Both paths are from the folder. Throws when Deno cannot read it. */
export async function importGraph(
  { folder, entrypoint, importMap, denoDir }: {
    /** A real path: no link leads to it. */
    folder: string;
    entrypoint: string;
    importMap: string;
    /** Where Deno keeps its cache; its own place when left out. */
    denoDir?: string;
  },
): Promise<ImportGraph> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-remote", "--config", join(folder, importMap), join(folder, entrypoint)],
    cwd: folder,
    env: { DENO_NO_UPDATE_CHECK: "1", ...(denoDir === undefined ? {} : { DENO_DIR: denoDir }) },
    stdin: "null",
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) throw new Error(`Deno cannot read ${entrypoint}: ${decode(stderr).trim()}`);
  const { modules } = infoSchema.parse(JSON.parse(decode(stdout)));

  const base = `${pathToFileURL(folder).href}/`;
  const nameOf = (url: string) => url.startsWith(base) ? relative(folder, fileURLToPath(url)) : url;
  const graph: ImportGraph = { files: [], fromPackages: [], named: [], foreign: [], unresolved: [] };
  for (const { specifier, error, dependencies = [] } of modules) {
    const name = nameOf(specifier);
    const own = name !== specifier && !name.startsWith("node_modules/");
    if (error !== undefined) graph.unresolved.push(`${name} cannot be loaded.`);
    else if (isBuiltIn(specifier)) continue;
    else if (name === specifier) graph.foreign.push(specifier);
    else if (own) graph.files.push(name);
    else graph.fromPackages.push(name);
    for (const { specifier: imported, code, type } of dependencies) {
      if (own && !IS_PATH.test(imported) && !isBuiltIn(imported)) {
        graph.named.push({ file: name, specifier: imported });
      }
      const failed = code?.error ?? type?.error;
      if (failed !== undefined) graph.unresolved.push(`${name} imports ${imported}, which is not there.`);
    }
  }
  for (const list of [graph.files, graph.fromPackages, graph.foreign, graph.unresolved]) list.sort();
  return graph;
}
