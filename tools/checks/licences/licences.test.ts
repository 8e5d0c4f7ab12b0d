// Licences of all packages, by the lock; and the check itself, on locks with something planted.
import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import { readLockedPackages } from "../locked_packages.ts";
import { judgeLicences } from "./judge.ts";
import { POLICY } from "./policy.ts";
import { repository } from "../../stack/repository.ts";

Deno.test("every package has a licence that may be deployed, or used in development", async () => {
  assert.deepEqual(judgeLicences(await readLockedPackages(repository), POLICY), []);
});

Deno.test("the lock says what the manifests of the installed packages say", async () => {
  let compared = 0;
  for (const { path, licence } of await readLockedPackages(repository)) {
    const text = await Deno.readTextFile(join(repository, path, "package.json")).catch(() => null);
    // The packages of other platforms are not installed.
    if (text === null) continue;
    const said = z.looseObject({ license: z.unknown() }).parse(JSON.parse(text)).license;
    assert.equal(licence, said, path);
    compared++;
  }
  assert(compared > 100);
});

Deno.test("what counts as deployed is what npm does not mark as development's", async () => {
  const flags = z.object({
    packages: z.record(
      z.string(),
      z.looseObject({ dev: z.boolean().default(false), devOptional: z.boolean().default(false) }),
    ),
  })
    .parse(JSON.parse(await Deno.readTextFile(join(repository, "package-lock.json")))).packages;
  const deployed = (await readLockedPackages(repository)).filter((locked) => locked.deployed).map((
    { path },
  ) => path);
  assert(deployed.includes("node_modules/@supabase/auth-js"));
  assert.deepEqual(
    deployed,
    Object.keys(flags).filter((path) =>
      // `devOptional`: what is deployed would use it, and only development brings it.
      path !== "" && !flags[path]?.dev && !flags[path]?.devOptional
    ),
  );
});

type Planted = Record<string, { license?: unknown; dependencies?: Record<string, string>; dev?: boolean }>;

/** The problems of a project that needs `carried` to run and `tooling` to be developed. */
async function problemsOf(planted: Planted, exceptions = POLICY.exceptions.slice(0, 0)): Promise<string[]> {
  const folder = await Deno.makeTempDir();
  try {
    const packages = Object.fromEntries(
      Object.entries(planted).map((
        [path, entry],
      ) => [`node_modules/${path}`, { version: "1.0.0", ...entry }]),
    );
    const needs = { dependencies: { carried: "1.0.0" }, devDependencies: { tooling: "1.0.0" } };
    await Deno.writeTextFile(
      join(folder, "package-lock.json"),
      JSON.stringify({ lockfileVersion: 3, packages: { "": needs, ...packages } }),
    );
    return judgeLicences(await readLockedPackages(folder), { ...POLICY, exceptions });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const fine: Planted = { carried: { license: "MIT" }, tooling: { license: "BlueOak-1.0.0", dev: true } };

Deno.test("a copyleft package that is deployed is refused, also when another one brings it", async () => {
  assert.deepEqual(await problemsOf(fine), []);
  assert.deepEqual(await problemsOf({ ...fine, carried: { license: "GPL-3.0-or-later" } }), [
    "carried 1.0.0 (deployed): GPL-3.0-or-later is not on the list.",
  ]);
  const bringing = { license: "MIT", dependencies: { deeper: "^1.0.0" } };
  assert.deepEqual(await problemsOf({ ...fine, carried: bringing, deeper: { license: "AGPL-3.0-only" } }), [
    "deeper 1.0.0 (deployed): AGPL-3.0-only is not on the list.",
  ]);
  assert.deepEqual(
    await problemsOf({
      ...fine,
      carried: bringing,
      deeper: { license: "MIT" },
      "carried/node_modules/deeper": { license: "GPL-2.0" },
    }),
    ["deeper 1.0.0 (deployed): GPL-2.0 is not on the list."],
  );
  // Needed from within a folder, and found in a folder above.
  assert.deepEqual(
    await problemsOf({
      ...fine,
      carried: bringing,
      "carried/node_modules/deeper": { license: "MIT", dependencies: { deepest: "^1.0.0" } },
      "carried/node_modules/deepest": { license: "GPL-2.0" },
      deepest: { license: "MIT" },
    }),
    ["deepest 1.0.0 (deployed): GPL-2.0 is not on the list."],
  );
});

Deno.test("one of development may have more licences than one that is deployed, and not any", async () => {
  assert.deepEqual(await problemsOf({ ...fine, carried: { license: "BlueOak-1.0.0" } }), [
    "carried 1.0.0 (deployed): BlueOak-1.0.0 is not on the list.",
  ]);
  assert.deepEqual(await problemsOf({ ...fine, tooling: { license: "GPL-3.0", dev: true } }), [
    "tooling 1.0.0 (development only): GPL-3.0 is not on the list.",
  ]);
});

Deno.test("a package without a licence, or with words in its place, is refused", async () => {
  for (const license of [undefined, { type: "MIT" }]) {
    assert.deepEqual(await problemsOf({ ...fine, tooling: { license, dev: true } }), [
      "tooling 1.0.0 (development only) names no licence.",
    ]);
  }
  for (const license of ["SEE LICENSE IN LICENSE.md", "UNLICENSED", ""]) {
    assert.deepEqual(await problemsOf({ ...fine, carried: { license } }), [
      `carried 1.0.0 (deployed): ${license} is no SPDX licence.`,
    ]);
  }
});

Deno.test("of a choice of licences one suffices, and of several at once all must be allowed", async () => {
  assert.deepEqual(await problemsOf({ ...fine, carried: { license: "(GPL-3.0 OR MIT)" } }), []);
  assert.deepEqual(await problemsOf({ ...fine, carried: { license: "(GPL-3.0 AND MIT)" } }), [
    "carried 1.0.0 (deployed): (GPL-3.0 AND MIT) is not on the list.",
  ]);
});

Deno.test("an exception holds for its package, licence and place alone, and goes when it is not needed", async () => {
  const exception = { packageName: "tooling", licence: "GPL-3.0", deployed: false, why: "Speaks." };
  assert.deepEqual(
    await problemsOf({ ...fine, tooling: { license: "GPL-3.0", dev: true } }, [exception]),
    [],
  );
  const unused = "The exception for tooling (GPL-3.0) is not needed.";
  assert.deepEqual(await problemsOf({ ...fine, tooling: { license: "AGPL-3.0", dev: true } }, [exception]), [
    "tooling 1.0.0 (development only): AGPL-3.0 is not on the list.",
    unused,
  ]);
  assert.deepEqual(
    await problemsOf({
      carried: { license: "MIT", dependencies: { tooling: "1.0.0" } },
      tooling: { license: "GPL-3.0" },
    }, [
      exception,
    ]),
    ["tooling 1.0.0 (deployed): GPL-3.0 is not on the list.", unused],
  );
});

Deno.test("a lock that lacks what a deployed package needs is refused", async () => {
  await assert.rejects(problemsOf({ tooling: { license: "MIT", dev: true } }), {
    message: "package-lock.json lacks carried, which package.json needs.",
  });
});
