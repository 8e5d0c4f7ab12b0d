// The real npm against a registry on loopback.
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Accepted } from "./accepted.ts";
import { runAudit } from "./run.ts";
import { type KnownAdvisory, type RegistryAnswer, startRegistry } from "./stand_in_registry.ts";

const manifest = {
  name: "planted",
  version: "1.0.0",
  dependencies: { carried: "1.0.0" },
  devDependencies: { tooling: "1.0.0" },
};

/** `deeper` is deployed because `carried` needs it; `tooling` is for development. */
const lock = {
  ...{ name: "planted", version: "1.0.0", lockfileVersion: 3, requires: true },
  packages: {
    "": manifest,
    "node_modules/carried": { version: "1.0.0", license: "MIT", dependencies: { deeper: "^1.0.0" } },
    "node_modules/deeper": { version: "1.0.3", license: "MIT" },
    "node_modules/tooling": { version: "1.0.0", dev: true, license: "MIT" },
  },
};

const advisory = (severity: string, id: string): KnownAdvisory => ({ title: "Reads too much", severity, id });
const inDeployed = { deeper: [advisory("low", "GHSA-aaaa-bbbb-cccc")] };

type Asked = {
  required?: boolean;
  accepted?: Accepted[];
  timeoutMs?: number;
  environment?: Record<string, string>;
};

async function audit(answer: RegistryAnswer, asked: Asked = {}) {
  const folder = await Deno.makeTempDir();
  await using registry = startRegistry(answer);
  try {
    await Deno.writeTextFile(join(folder, "package.json"), JSON.stringify(manifest));
    await Deno.writeTextFile(join(folder, "package-lock.json"), JSON.stringify(lock));
    const result = await runAudit({
      ...{ folder, accepted: [], today: "2026-11-22", required: false, timeoutMs: 60_000, retries: 0 },
      ...asked,
      environment: {
        npm_config_registry: registry.url,
        npm_config_cache: join(folder, "cache"),
        ...asked.environment,
      },
    });
    return { ...result, text: result.lines.join("\n"), questions: registry.asked };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("without a known vulnerability it says how many packages it asked for, and succeeds", async () => {
  const { exitCode, lines, questions } = await audit({ advisories: {} });
  assert.equal(exitCode, 0);
  assert.deepEqual(lines, ["Packages: 3. Known vulnerabilities: 0, of which 0 must be mended."]);
  assert.deepEqual(questions, [{ carried: ["1.0.0"], deeper: ["1.0.3"], tooling: ["1.0.0"] }]);
});

Deno.test("a low vulnerability of a package that is deployed by way of another one fails it", async () => {
  const { exitCode, lines } = await audit({ advisories: inDeployed });
  assert.equal(exitCode, 1);
  assert.deepEqual(lines.map((line) => line.split(/ {2,}/)), [
    ["", "package", "severity", "where", "fix", "title", "advisory"],
    [
      ...["fails", "deeper", "low", "deployed", "none yet", "Reads too much"],
      "https://github.com/advisories/GHSA-aaaa-bbbb-cccc",
    ],
    ["Packages: 3. Known vulnerabilities: 1, of which 1 must be mended."],
  ]);
});

Deno.test("in development it takes a high one", async () => {
  const moderate = await audit({ advisories: { tooling: [advisory("moderate", "GHSA-dddd-eeee-ffff")] } });
  assert.equal(moderate.exitCode, 0);
  assert.match(moderate.text, /slight +tooling +moderate +development/);
  const high = await audit({ advisories: { tooling: [advisory("high", "GHSA-dddd-eeee-ffff")] } });
  assert.equal(high.exitCode, 1);
  assert.match(high.text, /fails +tooling +high +development/);
});

Deno.test("packages of development are looked up where npm leaves them out by default", async () => {
  const { exitCode } = await audit({ advisories: { tooling: [advisory("high", "GHSA-dddd-eeee-ffff")] } }, {
    environment: { NODE_ENV: "production", npm_config_omit: "dev" },
  });
  assert.equal(exitCode, 1);
});

Deno.test("the registry is asked where npm is set to be offline, for then npm would find nothing", async () => {
  for (const setting of ["npm_config_offline", "npm_config_prefer_offline"]) {
    const { exitCode, questions } = await audit({ advisories: inDeployed }, {
      environment: { [setting]: "true" },
    });
    assert.deepEqual({ exitCode, asked: questions.length }, { exitCode: 1, asked: 1 }, setting);
  }
});

Deno.test("a registry without advisories is said to have none, and fails only what requires them", async () => {
  for (const status of [404, 405, 410, 501]) {
    const told = [`The registry has no advisories (status ${status}): nothing was checked.`];
    const { exitCode, lines } = await audit({ status });
    assert.deepEqual({ exitCode, lines }, { exitCode: 0, lines: told });
    const required = await audit({ status }, { required: true });
    assert.deepEqual({ exitCode: required.exitCode, lines: required.lines }, { exitCode: 1, lines: told });
  }
});

Deno.test("a registry that refuses fails it, for it may well have advisories", async () => {
  for (const status of [400, 401, 403, 407, 413, 451]) {
    await assert.rejects(
      audit({ status }),
      { message: /^npm could not ask for advisories: \S/ },
      `${status}`,
    );
  }
});

Deno.test("a registry that fails, answers rubbish or never answers fails it", async () => {
  const said = /^npm could not ask for advisories: /;
  await assert.rejects(audit({ status: 500 }), { message: said });
  await assert.rejects(audit({ status: 429 }), { message: said });
  await assert.rejects(audit({ text: "<html>" }), { message: said });
  await assert.rejects(audit({ text: '{"deeper":"yes"}' }), { message: said });
  await assert.rejects(audit("never", { timeoutMs: 200 }), { message: said });
});

Deno.test("what is accepted does not fail it until the day after its last", async () => {
  const accepted = { packageName: "deeper", advisory: "GHSA-aaaa-bbbb-cccc", reason: "Not called." };
  const lastDay = await audit({ advisories: inDeployed }, {
    accepted: [{ ...accepted, until: "2026-11-22" }],
  });
  assert.equal(lastDay.exitCode, 0);
  assert.match(lastDay.text, /accepted +deeper +low +deployed/);
  const dayAfter = await audit({ advisories: inDeployed }, {
    accepted: [{ ...accepted, until: "2026-11-21" }],
  });
  assert.equal(dayAfter.exitCode, 1);
  assert.match(dayAfter.text, /fails +deeper/);
  assert.match(dayAfter.text, /GHSA-aaaa-bbbb-cccc in deeper .* was accepted until 2026-11-21\./);
});

Deno.test("accepting what is not there, or something else of the package, fails it", async () => {
  const elsewhere = {
    packageName: "deeper",
    advisory: "GHSA-gggg-hhhh-iiii",
    reason: "Not called.",
    until: "2027-01-01",
  };
  const unused = await audit({ advisories: {} }, { accepted: [elsewhere] });
  assert.equal(unused.exitCode, 1);
  assert.match(unused.text, /GHSA-gggg-hhhh-iiii in deeper .* is accepted and not found\./);
  const other = await audit({ advisories: inDeployed }, { accepted: [elsewhere] });
  assert.equal(other.exitCode, 1);
  assert.match(other.text, /fails +deeper/);
});
