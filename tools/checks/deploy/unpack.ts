import { dirname, join } from "node:path";
import type { UploadedFile } from "./upload.ts";

/** Whether a path stays below the folder it is taken from, on every system. */
function staysBelow(path: string): boolean {
  return !/[\\\0:]/.test(path) && path.split("/").every((part) => !/^\.{0,2}$/.test(part));
}

/**
 * Writes what was uploaded into a folder. Throws, before anything is written, when a path leads out of the folder or is
 * there twice.
 */
export async function unpack(files: readonly UploadedFile[], folder: string): Promise<void> {
  const seen = new Set<string>();
  for (const { path } of files) {
    if (!staysBelow(path)) throw new Error(`The path ${JSON.stringify(path)} leads out of the folder.`);
    if (seen.has(path)) throw new Error(`${path} was uploaded twice.`);
    seen.add(path);
  }
  for (const { path, bytes } of files) {
    const target = join(folder, path);
    await Deno.mkdir(dirname(target), { recursive: true });
    await Deno.writeFile(target, bytes, { createNew: true });
  }
}
