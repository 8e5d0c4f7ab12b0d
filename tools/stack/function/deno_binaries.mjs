// The two Denos that npm installs. JavaScript, because the launcher reads it on Node before there is a Deno.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";

/** The folders of `node_modules` that hold them. `package.json` says which versions they are. */
const folders = { platform: "deno-platform", newest: "deno" };

const require = createRequire(import.meta.url);

/** @param {string} file */
const versionIn = (file) => JSON.parse(readFileSync(file, "utf8")).version;

/**
 * One of the Denos that npm installed: its version and the path of its binary. `platform` is the version that Supabase's
 * edge runtime runs, `newest` the one that everything else runs on. No install script needs to have run.
 * @param {"platform" | "newest"} which
 * @returns {{ version: string, binary: string }}
 * @throws {Error} with a sentence for the person when it is not installed
 */
export function findDeno(which) {
  const libc = process.platform === "linux" ? "-glibc" : "";
  const name = `@deno/${process.platform}-${process.arch}${libc}`;
  try {
    const wrapper = require.resolve(`${folders[which]}/package.json`);
    const manifest = createRequire(wrapper).resolve(`${name}/package.json`);
    const version = versionIn(wrapper);
    const binary = ["deno", "deno.exe"].map((file) => join(dirname(manifest), file)).find(existsSync);
    // Without a copy of its own, a package finds that of the other version further up.
    if (binary && versionIn(manifest) === version) return { version, binary };
  } catch {
    // Told below.
  }
  throw new Error(`${name} of "${folders[which]}" is not installed. Run "npm ci" first.`);
}
