import assert from "node:assert/strict";
import { join } from "node:path";
import { copyPackages, deployedFolders } from "./packages.ts";

const lock = JSON.stringify({
  lockfileVersion: 3,
  packages: {
    "": {},
    "node_modules/one": { version: "1.0.0" },
    "node_modules/one/node_modules/shared": { version: "1.0.0" },
    "node_modules/tool": { version: "1.0.0", dev: true },
  },
});

Deno.test("deployed packages are needed, in the versions of the import map", async () => {
  const root = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(root, "package-lock.json"), lock);
    const folders = (name: string, version: string) =>
      deployedFolders({ root, wanted: new Map([[name, version]]) });
    assert.deepEqual(await folders("one", "1.0.0"), [
      "node_modules/one",
      "node_modules/one/node_modules/shared",
    ]);
    await assert.rejects(folders("one", "1.0.1"), {
      message: "one is 1.0.1 in the import map and 1.0.0 in the lock.",
    });
    await assert.rejects(folders("tool", "1.0.0"), {
      message: "tool is 1.0.0 in the import map and missing in the lock.",
    });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("a package is copied without those nested in it, unless they were named", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const path of ["node_modules/one/dist", "node_modules/one/node_modules/shared"]) {
      await Deno.mkdir(join(folder, "from", path), { recursive: true });
      await Deno.writeTextFile(join(folder, "from", path, "index.js"), path);
    }
    const copy = async (into: string, folders: string[]) => {
      await copyPackages({ from: join(folder, "from"), into: join(folder, into), folders });
      const there = (path: string) => Deno.stat(join(folder, into, path)).then(() => true, () => false);
      return [
        await there("node_modules/one/dist/index.js"),
        await there("node_modules/one/node_modules/shared/index.js"),
      ];
    };
    assert.deepEqual(await copy("alone", ["node_modules/one"]), [true, false]);
    const both = ["node_modules/one", "node_modules/one/node_modules/shared"];
    assert.deepEqual(await copy("both", both), [true, true]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
