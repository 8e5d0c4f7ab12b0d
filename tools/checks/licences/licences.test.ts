// Licences of all packages, by the lock; and the check itself, on locks with something planted.
import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import { readLockedPackages } from "../locked_packages.ts";
import { judgeLicences } from "./licences.ts";
import { POLICY } from "./licence_policy.ts";
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

type Planted = Record<string, { license?: unknown; dev?: boolean }>;

/** The problems of a project with these packages. */
async function problemsOf(planted: Planted, exceptions = POLICY.exceptions.slice(0, 0)): Promise<string[]> {
  const folder = await Deno.makeTempDir();
  try {
    const packages = Object.fromEntries(
      Object.entries(planted).map((
        [path, entry],
      ) => [`node_modules/${path}`, { version: "1.0.0", ...entry }]),
    );
    await Deno.writeTextFile(
      join(folder, "package-lock.json"),
      JSON.stringify({ lockfileVersion: 3, packages: { "": {}, ...packages } }),
    );
    return judgeLicences(await readLockedPackages(folder), { ...POLICY, exceptions });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const fine: Planted = { carried: { license: "MIT" }, tooling: { license: "BlueOak-1.0.0", dev: true } };

Deno.test("a copyleft package that is deployed is refused, wherever npm installs it", async () => {
  assert.deepEqual(await problemsOf(fine), []);
  for (
    const [path, license] of [["carried", "GPL-3.0-or-later"], ["deeper", "AGPL-3.0-only"], [
      "carried/node_modules/deeper",
      "GPL-2.0",
    ]]
  ) {
    const name = path?.split("/").at(-1);
    assert.deepEqual(await problemsOf({ ...fine, [`${path}`]: { license } }), [
      `${name} 1.0.0 (deployed): ${license} is not on the list.`,
    ]);
  }
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
      carried: { license: "MIT" },
      tooling: { license: "GPL-3.0" },
    }, [
      exception,
    ]),
    ["tooling 1.0.0 (deployed): GPL-3.0 is not on the list.", unused],
  );
});
