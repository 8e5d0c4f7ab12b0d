import { join } from "node:path";
import { packagesOf } from "./import_map.ts";
import { copyPackages, deployedFolders } from "./packages.ts";
import { unpack } from "./unpack.ts";
import type { Upload } from "./upload.ts";

/** An upload as the platform has it: its files, and the packages that its import map names with all they depend on. */
export type Unpacked = {
  /** Where it lies, a real path outside of the checkout. */
  folder: string;
  /** An empty folder for Deno's cache, so that nothing it once fetched is found. */
  denoDir: string;
};

/**
 * Runs `use` with an upload in an empty folder, and removes it afterwards. The packages are those that are installed and
 * locked in `root`. Throws when the upload cannot be unpacked, or the import map names a package that is not locked.
 */
export async function withUnpacked<Result>(
  { upload, root }: { upload: Upload; root: string },
  use: (unpacked: Unpacked) => Promise<Result>,
): Promise<Result> {
  const temporary = await Deno.realPath(await Deno.makeTempDir({ prefix: "voice-clone-api-deployed-" }));
  try {
    const folder = join(temporary, "function");
    const denoDir = join(temporary, "deno");
    await Deno.mkdir(folder);
    await Deno.mkdir(denoDir);
    await unpack(upload.files, folder);
    const importMap = await Deno.readTextFile(join(folder, upload.metadata.import_map_path ?? ""));
    const wanted = packagesOf(importMap);
    const folders = await deployedFolders({ root, wanted });
    await copyPackages({ from: root, into: folder, folders });
    // Deno 2.1 finds no package in `node_modules` without one. The platform needs none: it makes a bundle.
    const manifest = JSON.stringify({ type: "module", dependencies: Object.fromEntries(wanted) });
    await Deno.writeTextFile(join(folder, "package.json"), manifest);
    return await use({ folder, denoDir });
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}
