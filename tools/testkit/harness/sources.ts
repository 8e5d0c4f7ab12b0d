import { relative } from "node:path";

export const REPOSITORY = new URL("../../../", import.meta.url);

export type Import = {
  specifier: string;
  /** The imported file from the repository's folder; null for a package or a module of Node. */
  file: string | null;
  /** Whether only types are taken, so that nothing is loaded. */
  typeOnly: boolean;
  lazy: boolean;
};

export type Source = {
  /** From the repository's folder, with forward slashes. */
  path: string;
  text: string;
  imports: Import[];
};

const IMPORT =
  /^\s*(?:import|export)\s+(type\s+)?[\w\s{},*$]*?\bfrom\s+"([^"]+)"|^\s*import\s+"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/gm;

function importsOf(path: string, text: string): Import[] {
  return [...text.matchAll(IMPORT)].map(([, type, from, bare, dynamic]) => {
    const specifier = from ?? bare ?? dynamic ?? "";
    const target = specifier.startsWith(".") ? new URL(specifier, new URL(path, REPOSITORY)) : null;
    return {
      specifier,
      file: target && relative(REPOSITORY.pathname, target.pathname),
      typeOnly: type !== undefined,
      lazy: dynamic !== undefined,
    };
  });
}

export async function sourcesIn(folder: string): Promise<Source[]> {
  const sources: Source[] = [];
  for await (const entry of Deno.readDir(new URL(`${folder}/`, REPOSITORY))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) sources.push(...await sourcesIn(path));
    if (!entry.isFile || !path.endsWith(".ts")) continue;
    const text = await Deno.readTextFile(new URL(path, REPOSITORY));
    sources.push({ path, text, imports: importsOf(path, text) });
  }
  return sources;
}
