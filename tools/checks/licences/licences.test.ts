// The licences of all packages in the lock, and the check itself on planted locks.
import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import { readLockedPackages } from "../locked_packages.ts";
import { judgeLicences } from "./licences.ts";
import { type LicenceException, POLICY } from "./licence_policy.ts";
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
    assert.equal(licence, z.looseObject({ license: z.unknown() }).parse(JSON.parse(text)).license, path);
    compared++;
  }
  assert(compared > 100);
});

type Planted = Record<string, { license?: unknown; dev?: boolean }>;
const carried = (license: unknown): Planted => ({ carried: { license } });
const tooling = (license: unknown, dev = true): Planted => ({ tooling: { license, dev } });
const gpl = { packageName: "tooling", licence: "GPL-3.0", deployed: false, why: "Speaks." };
const unused = "The exception for tooling (GPL-3.0) is not needed.";

const cases: [planted: Planted, problems: string[], exceptions?: LicenceException[]][] = [
  [{}, []],
  // Copyleft, wherever npm installs it.
  [carried("GPL-3.0-or-later"), ["carried 1.0.0 (deployed): GPL-3.0-or-later is not on the list."]],
  [{ deeper: { license: "AGPL-3.0-only" } }, ["deeper 1.0.0 (deployed): AGPL-3.0-only is not on the list."]],
  [{ "carried/node_modules/deeper": { license: "GPL-2.0" } }, [
    "deeper 1.0.0 (deployed): GPL-2.0 is not on the list.",
  ]],
  // Development may have more licences, and not any.
  [carried("BlueOak-1.0.0"), ["carried 1.0.0 (deployed): BlueOak-1.0.0 is not on the list."]],
  [tooling("GPL-3.0"), ["tooling 1.0.0 (development only): GPL-3.0 is not on the list."]],
  // No licence, or words in its place.
  [tooling(undefined), ["tooling 1.0.0 (development only) names no licence."]],
  [tooling({ type: "MIT" }), ["tooling 1.0.0 (development only) names no licence."]],
  ...["SEE LICENSE IN LICENSE.md", "UNLICENSED", ""].map((license): [Planted, string[]] => [
    carried(license),
    [`carried 1.0.0 (deployed): ${license} is no SPDX licence.`],
  ]),
  // Of a choice one suffices, of several at once all must be allowed.
  [carried("(GPL-3.0 OR MIT)"), []],
  [carried("(GPL-3.0 AND MIT)"), ["carried 1.0.0 (deployed): (GPL-3.0 AND MIT) is not on the list."]],
  // An exception holds for its package, licence and place alone.
  [tooling("GPL-3.0"), [], [gpl]],
  [tooling("AGPL-3.0"), ["tooling 1.0.0 (development only): AGPL-3.0 is not on the list.", unused], [gpl]],
  [tooling("GPL-3.0", false), ["tooling 1.0.0 (deployed): GPL-3.0 is not on the list.", unused], [gpl]],
];
for (const [planted, problems, exceptions = []] of cases) {
  const name = `${JSON.stringify(planted)} ${problems.length === 0 ? "passes" : "fails"}`;
  Deno.test(exceptions.length > 0 ? `${name} with an exception` : name, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const all: Planted = { ...carried("MIT"), ...tooling("BlueOak-1.0.0"), ...planted };
      const packages = Object.entries(all).map(([path, entry]) =>
        [`node_modules/${path}`, { version: "1.0.0", ...entry }] as const
      );
      await Deno.writeTextFile(
        join(folder, "package-lock.json"),
        JSON.stringify({ lockfileVersion: 3, packages: { "": {}, ...Object.fromEntries(packages) } }),
      );
      assert.deepEqual(judgeLicences(await readLockedPackages(folder), { ...POLICY, exceptions }), problems);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
