// The real npm against a registry on loopback.
import assert from "node:assert/strict";
import { join } from "node:path";
import { type AuditOptions, runAudit } from "./audit.ts";

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

type Advisories = Record<string, { title: string; severity: string; id: string }[]>;

/** A registry on loopback that answers the question for advisories, or never answers. `asked` has each question. */
function startRegistry(answer: Response | Advisories | "never") {
  const asked: unknown[] = [];
  const ending = new AbortController();
  const where = { hostname: "127.0.0.1", port: 0, signal: ending.signal, onListen() {} };
  const server = Deno.serve(where, async (request) => {
    if (request.method !== "POST") return Response.json({}, { status: 404 });
    // Older versions of npm ask at another path when this one fails (docs.npmjs.com, `npm audit`).
    if (new URL(request.url).pathname === "/-/npm/v1/security/advisories/bulk") {
      asked.push(await new Response(request.body?.pipeThrough(new DecompressionStream("gzip"))).json());
    }
    if (answer === "never") return await new Promise<Response>(() => {});
    if (answer instanceof Response) return answer.clone();
    return Response.json(Object.fromEntries(
      Object.entries(answer).map(([name, advisories]) => [
        name,
        advisories.map(({ title, severity, id }, index) => ({
          ...{ id: index + 1, url: `https://github.com/advisories/${id}`, title, severity },
          ...{ vulnerable_versions: "<2.0.0", cwe: [], cvss: { score: 0, vectorString: null } },
        })),
      ]),
    ));
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    asked,
    [Symbol.asyncDispose]: () => {
      ending.abort();
      return server.finished;
    },
  };
}

const advisory = (severity: string, id: string) => ({ title: "Reads too much", severity, id });
const inDeployed = { deeper: [advisory("low", "GHSA-aaaa-bbbb-cccc")] };

async function audit(answer: Parameters<typeof startRegistry>[0], asked: Partial<AuditOptions> = {}) {
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
  const { exitCode, lines, questions } = await audit({});
  assert.equal(exitCode, 0);
  assert.deepEqual(lines, ["Packages: 3. Known vulnerabilities: 0, 0 to fix."]);
  assert.deepEqual(questions, [{ carried: ["1.0.0"], deeper: ["1.0.3"], tooling: ["1.0.0"] }]);
});

Deno.test("a low vulnerability of a package that is deployed by way of another one fails it", async () => {
  const { exitCode, lines } = await audit(inDeployed);
  assert.equal(exitCode, 1);
  assert.deepEqual(lines.map((line) => line.split(/ {2,}/)), [
    ["", "package", "severity", "where", "fix", "title", "advisory"],
    [
      ...["fails", "deeper", "low", "deployed", "none yet", "Reads too much"],
      "https://github.com/advisories/GHSA-aaaa-bbbb-cccc",
    ],
    ["Packages: 3. Known vulnerabilities: 1, 1 to fix."],
  ]);
});

Deno.test("in development it takes a high one", async () => {
  const moderate = await audit({ tooling: [advisory("moderate", "GHSA-dddd-eeee-ffff")] });
  assert.equal(moderate.exitCode, 0);
  assert.match(moderate.text, /slight +tooling +moderate +development/);
  const high = await audit({ tooling: [advisory("high", "GHSA-dddd-eeee-ffff")] });
  assert.equal(high.exitCode, 1);
  assert.match(high.text, /fails +tooling +high +development/);
});

Deno.test("packages of development are looked up where npm leaves them out by default", async () => {
  const { exitCode } = await audit({ tooling: [advisory("high", "GHSA-dddd-eeee-ffff")] }, {
    environment: { NODE_ENV: "production", npm_config_omit: "dev" },
  });
  assert.equal(exitCode, 1);
});

Deno.test("the registry is asked where npm is set to be offline, for then npm would find nothing", async () => {
  for (const setting of ["npm_config_offline", "npm_config_prefer_offline"]) {
    const { exitCode, questions } = await audit(inDeployed, {
      environment: { [setting]: "true" },
    });
    assert.deepEqual({ exitCode, asked: questions.length }, { exitCode: 1, asked: 1 }, setting);
  }
});

Deno.test("a registry without advisories is said to have none, and fails only what requires them", async () => {
  for (const status of [404, 405, 410, 501]) {
    const told = [`The registry has no advisories (status ${status}): nothing was checked.`];
    const { exitCode, lines } = await audit(new Response(null, { status }));
    assert.deepEqual({ exitCode, lines }, { exitCode: 0, lines: told });
    const required = await audit(new Response(null, { status }), { required: true });
    assert.deepEqual({ exitCode: required.exitCode, lines: required.lines }, { exitCode: 1, lines: told });
  }
});

Deno.test("a registry that refuses fails it, for it may well have advisories", async () => {
  for (const status of [400, 401, 403, 407, 413, 451]) {
    await assert.rejects(
      audit(new Response(null, { status })),
      { message: /^npm could not ask for advisories: \S/ },
      `${status}`,
    );
  }
});

Deno.test("a registry that fails, answers rubbish or never answers fails it", async () => {
  const said = /^npm could not ask for advisories: /;
  await assert.rejects(audit(new Response(null, { status: 500 })), { message: said });
  await assert.rejects(audit(new Response(null, { status: 429 })), { message: said });
  await assert.rejects(audit(new Response("<html>")), { message: said });
  await assert.rejects(audit(Response.json({ deeper: "yes" })), { message: said });
  await assert.rejects(audit("never", { timeoutMs: 200 }), { message: said });
});

Deno.test("what is accepted does not fail it until the day after its last", async () => {
  const accepted = { packageName: "deeper", advisory: "GHSA-aaaa-bbbb-cccc", reason: "Not called." };
  const lastDay = await audit(inDeployed, {
    accepted: [{ ...accepted, until: "2026-11-22" }],
  });
  assert.equal(lastDay.exitCode, 0);
  assert.match(lastDay.text, /accepted +deeper +low +deployed/);
  const dayAfter = await audit(inDeployed, {
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
  const unused = await audit({}, { accepted: [elsewhere] });
  assert.equal(unused.exitCode, 1);
  assert.match(unused.text, /GHSA-gggg-hhhh-iiii in deeper .* is accepted and not found\./);
  const other = await audit(inDeployed, { accepted: [elsewhere] });
  assert.equal(other.exitCode, 1);
  assert.match(other.text, /fails +deeper/);
});
