import { join } from "node:path";
import type { ImportGraph } from "./import_graph.ts";
import { namedBy } from "./import_map.ts";
import type { Secret } from "./secrets.ts";
import type { Upload, UploadedFile } from "./upload.ts";

/** What a deploy of this project says of the function; `supabase/config.toml` is where it comes from. */
export const EXPECTED = {
  slug: "api",
  name: "api",
  entrypoint_path: "supabase/functions/api/index.ts",
  import_map_path: "deno.json",
  static_patterns: [],
  verify_jwt: false,
};

/** What may be deployed: the import map, and the function with what it shares. */
const DEPLOYED = /^(deno\.json|supabase\/functions\/(api|_shared)\/.+\.ts)$/;

/** How a text would name a place on this machine. */
function namesPlace(text: string, folder: string): boolean {
  // The name of a folder right below the root may be a route's as well.
  const tells = folder.split("/").length > 2;
  return /\bfile:\/\/\//.test(text) || (tells && text.includes(`${folder}/`));
}

/** Whether a file arrived as it lies in a folder. */
async function isAsIn(folder: string, { path, bytes }: UploadedFile): Promise<boolean> {
  const here = await Deno.readFile(join(folder, path));
  return here.length === bytes.length && here.every((byte, index) => byte === bytes[index]);
}

/**
 * What is wrong with an upload, a sentence each: settings, files that are missing or too many for the import graph, or are
 * not as they lie here, imports that its import map does not name, files that are no part of the function, secrets, and
 * paths of this machine.
 */
export async function problemsOf(
  { upload, graph, secrets, root }: {
    upload: Upload;
    /** Of the entrypoint, in the folder it was deployed from. */
    graph: ImportGraph;
    secrets: readonly Secret[];
    /** The folder it was deployed from. */
    root: string;
  },
): Promise<string[]> {
  const problems: string[] = [];
  const settings: Record<string, unknown> = { slug: upload.slug, ...upload.metadata };
  for (const [name, wanted] of Object.entries(EXPECTED)) {
    const [is, should] = [settings[name], wanted].map((value) => JSON.stringify(value) ?? "missing");
    if (is !== should) problems.push(`${name} is ${is} and should be ${should}.`);
  }

  const uploaded = new Set(upload.files.map(({ path }) => path));
  const imported = new Set([EXPECTED.import_map_path, ...graph.files]);
  if (uploaded.size < upload.files.length) problems.push("A file was uploaded twice.");
  for (const path of imported.difference(uploaded)) {
    problems.push(`${path} is imported and was not uploaded.`);
  }
  for (const path of uploaded.difference(imported)) {
    problems.push(`${path} was uploaded and is not imported.`);
  }
  const importMap = upload.files.find(({ path }) => path === EXPECTED.import_map_path);
  if (importMap) {
    const isNamed = namedBy(new TextDecoder().decode(importMap.bytes));
    for (const { file, specifier } of graph.named) {
      if (!isNamed(specifier)) {
        problems.push(`${file} imports ${specifier}, which the import map does not name.`);
      }
    }
  }
  for (const url of graph.foreign) problems.push(`${url} is imported from outside the project.`);

  for (const file of upload.files) {
    const { path, bytes } = file;
    if (imported.has(path) && !(await isAsIn(root, file))) {
      problems.push(`${path} did not arrive as it lies here.`);
    }
    if (!DEPLOYED.test(path)) problems.push(`${path} is no part of the function.`);
    const text = `${path}\n${new TextDecoder().decode(bytes)}`;
    for (const { name, isIn } of secrets) if (isIn(text)) problems.push(`${path} holds ${name}.`);
    if (namesPlace(text, root)) problems.push(`${path} names a place on this machine.`);
  }
  return problems;
}
