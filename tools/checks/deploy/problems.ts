import { join } from "node:path";
import { readEnvironment } from "../../stack/function/function_environment.ts";
import { secretsOfUpload } from "../secret_scan.ts";
import { ENTRYPOINT, IMPORT_MAP, importGraph, namedBy } from "./import_graph.ts";
import type { Upload } from "./management_api.ts";

/** The settings that a deploy of this project sends; they come from `supabase/config.toml`. */
const EXPECTED = {
  ...{ slug: "api", name: "api", entrypoint_path: ENTRYPOINT, import_map_path: IMPORT_MAP },
  ...{ static_patterns: [], verify_jwt: false },
};

/** What may be deployed: the import map, and the function with what it shares. */
const DEPLOYED = /^(deno\.json|supabase\/functions\/(api|_shared)\/.+\.ts)$/;

function namesPlace(text: string, folder: string): boolean {
  // The name of a folder right below the root may be a route's as well.
  const isTelling = folder.split("/").length > 2;
  return /\bfile:\/\/\//.test(text) || (isTelling && text.includes(`${folder}/`));
}

/**
 * What is wrong with an upload from a folder, a sentence each: settings, files that are missing or too many for the import
 * graph or differ from those of the folder, imports that the import map does not name, files that are no part of the
 * function, secrets of the form of keys or of the folder's `.env`, and paths of this machine.
 */
export async function problemsOf(upload: Upload, folder: string): Promise<string[]> {
  const problems: string[] = [];
  const settings: Record<string, unknown> = { slug: upload.slug, ...upload.metadata };
  for (const [name, wanted] of Object.entries(EXPECTED)) {
    const [is, should] = [settings[name], wanted].map((value) => JSON.stringify(value) ?? "missing");
    if (is !== should) problems.push(`${name} is ${is} and should be ${should}.`);
  }

  const root = await Deno.realPath(folder);
  const graph = await importGraph(root);
  const uploaded = new Set(upload.files.map(({ path }) => path));
  const imported = new Set([IMPORT_MAP, ...graph.files]);
  const importMap = upload.files.find(({ path }) => path === IMPORT_MAP);
  const isNamed = importMap ? namedBy(new TextDecoder().decode(importMap.bytes)) : () => true;
  problems.push(
    ...(uploaded.size < upload.files.length ? ["A file was uploaded twice."] : []),
    ...[...imported.difference(uploaded)].map((path) => `${path} is imported and was not uploaded.`),
    ...[...uploaded.difference(imported)].map((path) => `${path} was uploaded and is not imported.`),
    ...graph.named.filter(({ specifier }) => !isNamed(specifier))
      .map(({ file, specifier }) => `${file} imports ${specifier}, which the import map does not name.`),
    ...graph.foreign.map((url) => `${url} is imported from outside the project.`),
  );

  const secrets = secretsOfUpload(await readEnvironment(join(root, ".env")));
  for (const { path, bytes } of upload.files) {
    const here = imported.has(path) ? await Deno.readFile(join(root, path)) : bytes;
    if (here.length !== bytes.length || here.some((byte, index) => byte !== bytes[index])) {
      problems.push(`${path} did not arrive as it lies here.`);
    }
    if (!DEPLOYED.test(path)) problems.push(`${path} is no part of the function.`);
    const text = `${path}\n${new TextDecoder().decode(bytes)}`;
    problems.push(...secrets.filter(({ isIn }) => isIn(text)).map(({ name }) => `${path} holds ${name}.`));
    if (namesPlace(text, root)) problems.push(`${path} names a place on this machine.`);
  }
  return problems;
}
