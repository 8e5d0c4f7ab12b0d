// What docs/architecture.md says of the repository: import rules, names, and a tree of every folder.
import assert from "node:assert/strict";
import { basename } from "node:path";
import { REPOSITORY, sourcesIn } from "../testkit/harness/sources.ts";

const sources = [...await sourcesIn("supabase/functions"), ...await sourcesIn("tools")];
const isTest = (path: string) => path.endsWith(".test.ts");
const isProduct = (path: string) => /^supabase\/functions\/(api|_shared)\//.test(path);

/** Every import of one file of the repository by another that `matches`, as "importer → imported". */
const importsWhere = (matches: (importer: string, imported: string) => boolean) =>
  sources.flatMap(({ path, imports }) =>
    imports.flatMap(({ file }) => file !== null && matches(path, file) ? [`${path} → ${file}`] : [])
  );

Deno.test("the import graph has no circle", () => {
  const importsOf = new Map(
    sources.map(({ path, imports }) => [path, imports.flatMap(({ file }) => file ?? [])]),
  );
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, trail: string[]) => {
    if (trail.includes(path)) circles.push([...trail.slice(trail.indexOf(path)), path].join(" → "));
    else if (!done.has(path)) {
      for (const next of importsOf.get(path) ?? []) visit(next, [...trail, path]);
      done.add(path);
    }
  };
  for (const { path } of sources) visit(path, []);
  assert.deepEqual(circles, []);
});

Deno.test("tests of the function import tools through tools/testkit, and nothing imports a test", () => {
  assert.deepEqual(
    importsWhere((importer, imported) =>
      importer.startsWith("supabase/") && imported.startsWith("tools/") &&
      !imported.startsWith("tools/testkit/")
    ),
    [],
  );
  assert.deepEqual(
    importsWhere((_, imported) => isTest(imported) || imported.startsWith("supabase/functions/tests/")),
    [],
  );
});

Deno.test("one file lies at the top of tools/, and a command is one file for a script of package.json", async () => {
  const loose = [...Deno.readDirSync(new URL("tools/", REPOSITORY))].filter((entry) => entry.isFile);
  assert.deepEqual(loose.map(({ name }) => name), ["run-deno.mjs"]);
  const manifest = await Deno.readTextFile(new URL("package.json", REPOSITORY));
  const commands = sources.filter(({ path }) => path.startsWith("tools/commands/") && !isTest(path));
  assert(commands.length > 10);
  assert.deepEqual(commands.filter(({ path }) => !manifest.includes(path)), []);
});

Deno.test("two files of one name are a route and what it asks, or a command and its room", () => {
  const byName = Map.groupBy(sources.filter(({ path }) => !isTest(path)), ({ path }) => basename(path));
  const doors =
    /^(supabase\/functions\/api\/routes|supabase\/functions\/_shared\/contract|tools\/commands|tools\/testkit|tools\/testkit\/harness)\/\w+\.ts$/;
  const doubles = [...byName.values()].map((same) =>
    same.map(({ path }) => path).filter((path) => !doors.test(path))
  )
    .filter((paths) => paths.length > 1);
  assert.deepEqual(doubles, []);
});

Deno.test("docs/architecture.md shows the tree as it is: every folder, and every file of the function", async () => {
  const page = await Deno.readTextFile(new URL("docs/architecture.md", REPOSITORY));
  const [, tree = ""] = /## The tree\n[\s\S]*?```\n([\s\S]*?)```/.exec(page) ?? [];
  const shown = new Set<string>();
  const folders: string[] = [];
  for (const line of tree.split("\n")) {
    const [, indent = "", names = ""] = /^( *)((?:[\w.-]+\/?(?:  ?(?=[\w.-]+\.ts\b))?)+)/.exec(line) ?? [];
    if (indent.length > 16 || names === "") continue;
    folders.length = indent.length / 2;
    for (const name of names.trim().split(/ +/)) {
      const path = folders.join("") + name;
      shown.add(path);
      if (name.endsWith("/")) folders[indent.length / 2] = name;
    }
  }
  const there = new Set(sources.map(({ path }) => path).filter(isProduct));
  /** Git keeps no empty folder. */
  const addFolders = (folder: string): boolean => {
    const entries = [...Deno.readDirSync(new URL(folder, REPOSITORY))];
    const filled = entries.filter(({ name, isDirectory }) => !isDirectory || addFolders(`${folder}${name}/`));
    if (filled.length > 0) there.add(folder);
    return filled.length > 0;
  };
  for (const part of ["functions", "migrations", "tests"]) addFolders(`supabase/${part}/`);
  addFolders("tools/");
  there.add("supabase/");
  for (const path of shown) if (/\.\w+$/.test(path)) await Deno.stat(new URL(path, REPOSITORY));
  assert.deepEqual([...there].filter((path) => !shown.has(path)), [], "not in the tree");
  assert.deepEqual([...shown].filter((path) => path.endsWith("/") && !there.has(path)), [], "not there");
});
