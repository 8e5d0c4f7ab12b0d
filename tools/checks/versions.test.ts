// One set of exact versions: what is deployed (deno.json), what is installed (package.json) and what is locked.
import assert from "node:assert/strict";
import { isBuiltin } from "node:module";
import { z } from "zod";
import { findDeno } from "../stack/function/deno_binaries.mjs";
import { REPOSITORY, sourcesIn } from "../testkit/harness/sources.ts";

async function readJson<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>> {
  return schema.parse(JSON.parse(await Deno.readTextFile(new URL(path, REPOSITORY))));
}

const versions = z.record(z.string(), z.string());
const needs = z.object({ dependencies: versions, devDependencies: versions });
const { imports } = await readJson("deno.json", z.object({ imports: versions }));
const manifest = await readJson("package.json", needs);
const entry = z.object({
  version: z.string().optional(),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  optionalDependencies: versions.optional(),
});
const { packages } = await readJson(
  "package-lock.json",
  z.object({ lockfileVersion: z.literal(3), packages: z.object({ "": needs }).catchall(entry) }),
);
const { "": root, ...locked } = packages;

/** The entry of a package that another one needs: nested in it, or at the top. */
const lockedFor = (path: string, name: string) =>
  locked[`${path}/node_modules/${name}`] ?? locked[`node_modules/${name}`];

const EXACT = /^\d+\.\d+\.\d+(-[\w.]+)?$/;

Deno.test("every import of deno.json is an exact npm version, the one that package.json names", () => {
  const named: Record<string, string> = {};
  for (const [name, target] of Object.entries(imports)) {
    // `npm:name@1.2.3`, and `npm:/name@1.2.3/` for the files of a package.
    const [, lead, packageName = "", version = "", slash] =
      /^npm:(\/?)((?:@[\w.-]+\/)?[\w.-]+)@([^/]+)(\/?)$/.exec(target) ?? [];
    assert.match(version, EXACT, `${name}: ${target}`);
    assert.deepEqual([name, lead], [packageName + slash, slash], target);
    named[packageName] = version;
  }
  assert.deepEqual(named, manifest.dependencies);
});

/** The names of package.json with their versions; one that stands for another package's has `npm:deno@` before it. */
const wanted = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
  .map(([name, version]) => [name, version.replace(/^npm:deno@/, "")] as const);

Deno.test("package.json names exact versions, and those are locked and installed", async () => {
  for (const [name, version] of wanted) {
    assert.match(version, EXACT, name);
    assert.equal(locked[`node_modules/${name}`]?.version, version, name);
    const installed = await readJson(
      `node_modules/${name}/package.json`,
      z.object({ version: z.string() }),
    );
    assert.equal(installed.version, version, name);
  }
  assert.deepEqual(root, manifest);
});

/** Packages for other platforms that the registry of our machines does not have (docs/decisions/0001). */
const UNHASHED =
  /^node_modules\/(@supabase\/cli-(darwin|windows|linux-arm64|linux-x64-musl)|deno-platform\/node_modules\/@deno\/(darwin|win32|linux-arm64))/;

Deno.test("the lock has every platform's packages, without which npm 11 refuses to install, with hashes of the npm registry", () => {
  for (const [path, { resolved, integrity, optionalDependencies }] of Object.entries(locked)) {
    for (const name of Object.keys(optionalDependencies ?? {})) {
      assert(lockedFor(path, name), `${name} of ${path}`);
    }
    if (UNHASHED.test(path)) continue;
    if (resolved !== undefined) assert.match(resolved, /^https:\/\/registry\.npmjs\.org\//, path);
    assert.match(integrity ?? "", /^sha512-/, path);
  }
});

Deno.test("what is deployed imports by the names of deno.json alone, and nothing imports by URL", async () => {
  const isKnown = (specifier: string) =>
    specifier in imports ||
    Object.keys(imports).some((name) => name.endsWith("/") && specifier.startsWith(name));
  for (const folder of ["supabase/functions", "tools"]) {
    for (const { path, imports: taken } of await sourcesIn(folder)) {
      for (const { specifier, file } of taken) {
        assert.doesNotMatch(specifier, /^(jsr|https?|npm|data|blob|file):/, path);
        if (file !== null || !/^supabase\/functions\/(api|_shared)\//.test(path)) continue;
        const isBuiltIn = specifier.startsWith("node:") && isBuiltin(specifier);
        assert(isBuiltIn || isKnown(specifier), `${path} imports ${specifier}`);
      }
    }
  }
});

Deno.test("each of the two Denos finds binaries of its own version on every system, and these tests run on one", async () => {
  for (const [folder, which] of [["deno", "newest"], ["deno-platform", "platform"]] as const) {
    const path = `node_modules/${folder}`;
    const { version, optionalDependencies = {} } = locked[path] ?? {};
    assert(version && Object.keys(optionalDependencies).length > 0, folder);
    for (const name of Object.keys(optionalDependencies)) {
      assert.equal(lockedFor(path, name)?.version, version, `${name} of ${folder}`);
    }
    const deno = findDeno(which);
    assert.equal(deno.version, version);
    const { stdout } = await new Deno.Command(deno.binary, { args: ["--version"] }).output();
    assert(new TextDecoder().decode(stdout).startsWith(`deno ${version} `), folder);
  }
  assert([findDeno("platform").version, findDeno("newest").version].includes(Deno.version.deno));
});
