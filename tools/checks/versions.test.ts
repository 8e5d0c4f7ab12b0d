// One set of exact versions: what is deployed (deno.json), what is installed (package.json) and what is locked.
import assert from "node:assert/strict";
import { isBuiltin } from "node:module";
import { z } from "zod";
import { findDeno } from "../stack/function/deno_binaries.mjs";
import { REPOSITORY, sourcesIn } from "../testkit/harness/sources.ts";

const readJson = async (name: string): Promise<unknown> =>
  JSON.parse(await Deno.readTextFile(new URL(name, REPOSITORY)));

const versions = z.record(z.string(), z.string());
const { imports } = z.object({ imports: versions }).parse(await readJson("deno.json"));
const manifest = z.object({ dependencies: versions, devDependencies: versions })
  .parse(await readJson("package.json"));
const lock = z.object({
  lockfileVersion: z.literal(3),
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      resolved: z.string().optional(),
      integrity: z.string().optional(),
      dependencies: versions.optional(),
      devDependencies: versions.optional(),
      optionalDependencies: versions.optional(),
    }),
  ),
}).parse(await readJson("package-lock.json"));

const EXACT = /^\d+\.\d+\.\d+(-[\w.]+)?$/;
/** `npm:name@1.2.3`, and `npm:/name@1.2.3/` for the files of a package. */
const NPM = /^npm:(\/?)((?:@[\w.-]+\/)?[\w.-]+)@([^/]+)(\/?)$/;

Deno.test("every import of deno.json is an exact npm version, the one that package.json names", () => {
  const named: Record<string, string> = {};
  for (const [name, target] of Object.entries(imports)) {
    const [, lead, packageName = "", version = "", slash] = NPM.exec(target) ?? [];
    assert.match(version, EXACT, `${name}: ${target}`);
    assert.equal(name, packageName + slash, target);
    assert.equal(lead, slash, target);
    named[packageName] = version;
  }
  assert.deepEqual(named, manifest.dependencies);
});

/** The packages of package.json with their versions, aliases (`npm:deno@`) included. */
const wanted = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
  .map(([name, version]) => [name, version.replace(/^npm:deno@/, "")] as const);

Deno.test("package.json names exact versions, and package-lock.json has them", () => {
  for (const [name, version] of wanted) {
    assert.match(version, EXACT, name);
    assert.equal(lock.packages[`node_modules/${name}`]?.version, version, name);
  }
  const { dependencies, devDependencies } = lock.packages[""] ?? {};
  assert.deepEqual({ dependencies, devDependencies }, manifest);
});

/** Packages for other platforms that the registry of our machines does not have (docs/decisions/0001). */
const UNHASHED =
  /^node_modules\/(@supabase\/cli-(darwin|windows|linux-arm64|linux-x64-musl)|deno-platform\/node_modules\/@deno\/(darwin|win32|linux-arm64))/;

Deno.test("the lock names every platform's packages, without which npm 11 refuses to install", () => {
  for (const [path, { optionalDependencies }] of Object.entries(lock.packages)) {
    for (const name of Object.keys(optionalDependencies ?? {})) {
      const nested = lock.packages[`${path}/node_modules/${name}`];
      assert(nested ?? lock.packages[`node_modules/${name}`], `${name} of ${path}`);
    }
  }
});

Deno.test("everything locked has a hash, and no address but the npm registry's", () => {
  for (const [path, { resolved, integrity }] of Object.entries(lock.packages)) {
    if (path === "" || UNHASHED.test(path)) continue;
    if (resolved !== undefined) assert.match(resolved, /^https:\/\/registry\.npmjs\.org\//, path);
    assert.match(integrity ?? "", /^sha512-/, path);
  }
});

Deno.test("what is installed is what is named", async () => {
  for (const [name, version] of wanted) {
    const installed = await readJson(`node_modules/${name}/package.json`);
    assert.equal(z.object({ version: z.string() }).parse(installed).version, version, name);
  }
});

Deno.test("what is deployed imports by the names of deno.json alone, and nothing imports by URL", async () => {
  const known = (specifier: string) =>
    specifier in imports ||
    Object.keys(imports).some((name) => name.endsWith("/") && specifier.startsWith(name));
  for (
    const { path, imports: taken } of [...await sourcesIn("supabase/functions"), ...await sourcesIn("tools")]
  ) {
    const isDeployed = /^supabase\/functions\/(api|_shared)\//.test(path);
    for (const { specifier, file } of taken) {
      assert.doesNotMatch(specifier, /^(jsr|https?|npm|data|blob|file):/, path);
      const isNode = specifier.startsWith("node:") && isBuiltin(specifier);
      assert(file !== null || isNode || known(specifier) || !isDeployed, `${path} imports ${specifier}`);
    }
  }
});

Deno.test("each of the two Denos has binaries of its version for every system, and reports that version", async () => {
  for (const [folder, which] of [["deno", "newest"], ["deno-platform", "platform"]] as const) {
    const path = `node_modules/${folder}`;
    const { version, optionalDependencies = {} } = lock.packages[path] ?? {};
    assert(version && Object.keys(optionalDependencies).length > 0, folder);
    for (const name of Object.keys(optionalDependencies)) {
      const found = lock.packages[`${path}/node_modules/${name}`] ?? lock.packages[`node_modules/${name}`];
      assert.equal(found?.version, version, `${name} of ${folder}`);
    }
    const deno = findDeno(which);
    assert.equal(deno.version, version);
    const { stdout } = await new Deno.Command(deno.binary, { args: ["--version"] }).output();
    assert(new TextDecoder().decode(stdout).startsWith(`deno ${version} `), folder);
  }
});

Deno.test("these tests run on one of the two", () => {
  assert([findDeno("platform").version, findDeno("newest").version].includes(Deno.version.deno));
});
