import { join } from "node:path";
import type { Upload } from "./upload.ts";

/** The largest function the platform takes, bundled, in bytes (Supabase, Edge Functions, "Limits": 20 MB). */
export const LARGEST_BUNDLE_BYTES = 20_000_000;

const LARGEST_TOLD = 3;

/** How large a function is; all sizes in bytes. */
export type BundleSize = {
  files: number;
  bytes: number;
  /** The largest files, the largest first. */
  largest: { path: string; bytes: number }[];
  packages: number;
  /** Everything that the packages consist of: code, its other builds, types, documents. */
  packageBytes: number;
  /**
   * Files and packages, compressed with gzip. What the platform makes of them is not known here; it should be less, for
   * it compresses better and needs no documents and no other builds.
   */
  compressedBytes: number;
};

/** The files below a folder. */
async function* filesBelow(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* filesBelow(path);
    if (isFile) yield path;
  }
}

/** Measures an upload beside the packages that its import map names, which are installed in `node_modules` of a folder. */
export async function measureBundle(
  { upload, folder }: {
    upload: Upload; /** Holds `node_modules` with these packages alone. */
    folder: string;
  },
): Promise<BundleSize> {
  const sizes = upload.files.map(({ path, bytes }) => ({ path, bytes: bytes.length }));
  let packages = 0;
  let packageBytes = 0;
  async function* everything() {
    for (const { bytes } of upload.files) yield bytes;
    for await (const path of filesBelow(join(folder, "node_modules"))) {
      const bytes = await Deno.readFile(path);
      packageBytes += bytes.length;
      if (/node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(path)) packages++;
      yield bytes;
    }
  }
  let compressedBytes = 0;
  const compressed = ReadableStream.from(everything()).pipeThrough(new CompressionStream("gzip"));
  for await (const chunk of compressed) compressedBytes += chunk.length;
  return {
    files: sizes.length,
    bytes: sizes.reduce((sum, { bytes }) => sum + bytes, 0),
    largest: sizes.toSorted((one, other) => other.bytes - one.bytes).slice(0, LARGEST_TOLD),
    packages,
    packageBytes,
    compressedBytes,
  };
}

const grouped = new Intl.NumberFormat("en-GB");

/** The size for a person, a line each. */
export function renderSize(size: BundleSize): string {
  const rows: [what: string, bytes: number][] = [
    [`${size.files} files uploaded`, size.bytes],
    ...size.largest.map(({ path, bytes }): [string, number] => [`  ${path}`, bytes]),
    [`${size.packages} packages that they need`, size.packageBytes],
    ["all of it, compressed", size.compressedBytes],
    ["the platform's limit", LARGEST_BUNDLE_BYTES],
  ];
  const widest = Math.max(...rows.map(([what]) => what.length));
  const digits = Math.max(...rows.map(([, bytes]) => grouped.format(bytes).length));
  return rows.map(([what, bytes]) =>
    `${what.padEnd(widest)}  ${grouped.format(bytes).padStart(digits)} bytes`
  ).join("\n");
}
