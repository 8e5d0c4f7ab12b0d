import assert from "node:assert/strict";
import { join } from "node:path";
import { closureOf, copyPackages } from "./packages.ts";

const lock = JSON.stringify({
  lockfileVersion: 3,
  packages: {
    "": { dependencies: { one: "1.0.0", other: "1.0.0" }, devDependencies: { tool: "1.0.0" } },
    "node_modules/one": { version: "1.0.0", dependencies: { shared: "^1.0.0" } },
    "node_modules/one/node_modules/shared": { version: "1.0.0" },
    "node_modules/shared": { version: "2.0.0" },
    "node_modules/other": { version: "1.0.0", dependencies: { shared: "^2.0.0" } },
    "node_modules/tool": { version: "1.0.0" },
  },
});

async function closure(wanted: [name: string, version: string][]): Promise<string[]> {
  const root = await Deno.makeTempDir();
  try {
    const scratch = join(root, "scratch");
    await Deno.mkdir(scratch);
    await Deno.writeTextFile(join(root, "package-lock.json"), lock);
    return await closureOf({ root, scratch, wanted: new Map(wanted) });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("the packages named and what they depend on are needed, and nothing else that is locked", async () => {
  assert.deepEqual(await closure([["one", "1.0.0"]]), [
    "node_modules/one",
    "node_modules/one/node_modules/shared",
  ]);
  assert.deepEqual(await closure([["other", "1.0.0"]]), ["node_modules/other", "node_modules/shared"]);
});

Deno.test("another version than the import map's, and a package that is not locked, are told", async () => {
  await assert.rejects(closure([["one", "1.0.1"]]), {
    message: "one is 1.0.1 in the import map and 1.0.0 in the lock.",
  });
  await assert.rejects(closure([["two", "1.0.0"]]), {
    message: "package-lock.json lacks two, which package.json needs.",
  });
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
