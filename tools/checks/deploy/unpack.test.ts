import assert from "node:assert/strict";
import { join } from "node:path";
import { unpack } from "./unpack.ts";

const bytes = new TextEncoder().encode("export {};\n");

async function inTemporaryFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const temporary = await Deno.makeTempDir();
  const folder = join(temporary, "folder");
  await Deno.mkdir(folder);
  try {
    await use(folder);
    assert.deepEqual([...Deno.readDirSync(temporary)].map(({ name }) => name), ["folder"]);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

Deno.test("files land where their paths say, byte for byte", () =>
  inTemporaryFolder(async (folder) => {
    await unpack([{ path: "deno.json", bytes }, { path: "supabase/functions/api/index.ts", bytes }], folder);
    assert.deepEqual(await Deno.readFile(join(folder, "deno.json")), bytes);
    assert.deepEqual(await Deno.readFile(join(folder, "supabase/functions/api/index.ts")), bytes);
  }));

const outside = [
  "../a.ts",
  "/a.ts",
  "a/../../a.ts",
  "./a.ts",
  "a//b.ts",
  "",
  "a\\..\\b.ts",
  "C:/a.ts",
  "a\0.ts",
];
for (const path of outside) {
  Deno.test(`the path ${JSON.stringify(path)} is refused before anything is written`, () =>
    inTemporaryFolder(async (folder) => {
      await assert.rejects(unpack([{ path: "first.ts", bytes }, { path, bytes }], folder), {
        message: `The path ${JSON.stringify(path)} leads out of the folder.`,
      });
      assert.deepEqual([...Deno.readDirSync(folder)], []);
    }));
}

Deno.test("a file that comes twice is refused", () =>
  inTemporaryFolder(async (folder) => {
    await assert.rejects(unpack([{ path: "a.ts", bytes }, { path: "a.ts", bytes }], folder), {
      message: "a.ts was uploaded twice.",
    });
  }));
