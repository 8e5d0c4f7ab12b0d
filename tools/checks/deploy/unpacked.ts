import { cp, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { alignColumns } from "../../stack/table.ts";
import { repository } from "../../stack/repository.ts";
import { readLockedPackages } from "../locked_packages.ts";
import { packagesOf } from "./import_graph.ts";
import type { Upload, UploadedFile } from "./management_api.ts";

/** An upload as the platform has it: its files, and the packages that its import map names with all they depend on. */
export type Unpacked = {
  /** Where it is, a real path outside of the checkout. */
  folder: string;
  /** An empty cache for Deno, so that nothing it once fetched is found. */
  denoDir: string;
};

/** Runs `use` with an upload in an empty folder, beside the installed packages of its import map, and removes it afterwards. */
export async function withUnpacked<Result>(
  upload: Upload,
  use: (unpacked: Unpacked) => Promise<Result>,
): Promise<Result> {
  const temporary = await Deno.realPath(await Deno.makeTempDir({ prefix: "voice-clone-api-deployed-" }));
  try {
    const [folder, denoDir] = [join(temporary, "function"), join(temporary, "deno")];
    await Deno.mkdir(folder);
    await Deno.mkdir(denoDir);
    await unpack(upload.files, folder);
    const wanted = packagesOf(await Deno.readTextFile(join(folder, upload.metadata.import_map_path ?? "")));
    // No links: a linked package would find its neighbours in the `node_modules` it comes from. No `npm install`: these are
    // the files that the tests ran with.
    for (const installed of await deployedFolders(repository, wanted)) {
      await cp(join(repository, installed), join(folder, installed), { recursive: true });
    }
    // Deno 2.1 finds no package in `node_modules` without one. The platform needs none: it makes a bundle.
    const manifest = JSON.stringify({ type: "module", dependencies: Object.fromEntries(wanted) });
    await Deno.writeTextFile(join(folder, "package.json"), manifest);
    return await use({ folder, denoDir });
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

/** Whether a path stays below the folder it is taken from, on every system. */
const staysBelow = (path: string) =>
  !/[\\\0:]/.test(path) && path.split("/").every((part) => !/^\.{0,2}$/.test(part));

/** Writes files into a folder. Throws, before anything is written, when a path leads out of it or is there twice. */
export async function unpack(files: readonly UploadedFile[], folder: string): Promise<void> {
  const seen = new Set<string>();
  for (const { path } of files) {
    if (!staysBelow(path)) throw new Error(`The path ${JSON.stringify(path)} leads out of the folder.`);
    if (seen.has(path)) throw new Error(`${path} was uploaded twice.`);
    seen.add(path);
  }
  for (const { path, bytes } of files) {
    await Deno.mkdir(dirname(join(folder, path)), { recursive: true });
    await Deno.writeFile(join(folder, path), bytes, { createNew: true });
  }
}

/**
 * The folders of the deployed packages in the `package-lock.json` of `root`; those nested in another one go with it.
 * @throws {Error} when the lock has another version of a wanted package, or lacks one
 */
export async function deployedFolders(root: string, wanted: ReadonlyMap<string, string>): Promise<string[]> {
  const locked = (await readLockedPackages(root)).filter(({ deployed }) => deployed);
  for (const [name, version] of wanted) {
    const found = locked.find(({ path }) => path === `node_modules/${name}`)?.version ?? "missing";
    if (found !== version) {
      throw new Error(`${name} is ${version} in the import map and ${found} in the lock.`);
    }
  }
  return locked.map(({ path }) => path).filter((path) => !path.includes("/node_modules/"));
}

/** The largest function that the platform takes, bundled, in bytes (Supabase, Edge Functions, "Limits": 20 MB). */
export const LARGEST_BUNDLE_BYTES = 20_000_000;

/**
 * Measures an upload beside its packages in a folder, all sizes in bytes. The packages count with their documents and other
 * builds, so the platform's bundle is smaller than what `compressedBytes`, by gzip, says.
 */
export async function measureBundle(upload: Upload, folder: string) {
  const entries = await readdir(join(folder, "node_modules"), { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) =>
    join(parentPath, name)
  );
  const packages = paths.filter((path) => /node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(path)).length;
  const own = new Blob(upload.files.map(({ bytes }) => bytes));
  const installed = new Blob(await Promise.all(paths.map((path) => Deno.readFile(path))));
  const gzip = new Blob([own, installed]).stream().pipeThrough(new CompressionStream("gzip"));
  const compressedBytes = (await new Response(gzip).blob()).size;
  const largest = upload.files.toSorted((one, other) => other.bytes.length - one.bytes.length).slice(0, 3);
  const rows: [what: string, bytes: number][] = [
    [`${upload.files.length} files uploaded`, own.size],
    ...largest.map(({ path, bytes }): [string, number] => [`  ${path}`, bytes.length]),
    [`${packages} packages that they need`, installed.size],
    ["all of it, compressed", compressedBytes],
    ["the platform's limit", LARGEST_BUNDLE_BYTES],
  ];
  const cells = rows.map(([what, bytes]) => [what, `${bytes.toLocaleString("en-GB")} bytes`]);
  return { bytes: own.size, packages, compressedBytes, lines: alignColumns(cells, [1]) };
}
