// The real npm against a registry on loopback.
import assert from "node:assert/strict";
import { join } from "node:path";
import { type AuditOptions, runAudit } from "./audit.ts";

const manifest = {
  ...{ name: "planted", version: "1.0.0" },
  ...{ dependencies: { carried: "1.0.0" }, devDependencies: { tooling: "1.0.0" } },
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

const GHSA = "GHSA-aaaa-bbbb-cccc";
/** The registry's answer that knows one advisory of a package. */
const knows = (packageName: string, severity: string) =>
  Response.json({
    [packageName]: [{
      ...{ id: 1, url: `https://github.com/advisories/${GHSA}`, title: "Reads too much", severity },
      ...{ vulnerable_versions: "<2.0.0", cwe: [], cvss: { score: 0, vectorString: null } },
    }],
  });
const status = (code: number) => new Response(null, { status: code });

/** A registry on loopback with one answer to the question for advisories, or none at all. `asked` has each question. */
function startRegistry(answer: Response | "never") {
  const asked: unknown[] = [];
  const ending = new AbortController();
  const where = { hostname: "127.0.0.1", port: 0, signal: ending.signal, onListen() {} };
  const server = Deno.serve(where, async (request) => {
    if (request.method !== "POST") return Response.json({}, { status: 404 });
    // Older versions of npm ask at another path when this one fails (docs.npmjs.com, `npm audit`).
    if (new URL(request.url).pathname === "/-/npm/v1/security/advisories/bulk") {
      asked.push(await new Response(request.body?.pipeThrough(new DecompressionStream("gzip"))).json());
    }
    return answer === "never" ? await new Promise<Response>(() => {}) : answer.clone();
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

async function audit(answer: Response | "never", asked: Partial<AuditOptions> = {}) {
  const folder = await Deno.makeTempDir();
  await using registry = startRegistry(answer);
  try {
    await Deno.writeTextFile(join(folder, "package.json"), JSON.stringify(manifest));
    await Deno.writeTextFile(join(folder, "package-lock.json"), JSON.stringify(lock));
    const npm = { npm_config_registry: registry.url, npm_config_cache: join(folder, "cache") };
    const { lines, exitCode } = await runAudit({
      ...{ folder, accepted: [], today: "2026-11-22", required: false, timeoutMs: 60_000, retries: 0 },
      ...asked,
      environment: { ...npm, ...asked.environment },
    });
    return { exitCode, text: lines.join("\n"), questions: registry.asked };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const accepting = (until: string, advisory = GHSA) => ({
  accepted: [{ packageName: "deeper", advisory, reason: "Not called.", until }],
});
const withSettings = (environment: Record<string, string>) => ({ environment });

type Case = [what: string, answer: Response, asked: Partial<AuditOptions>, exitCode: 0 | 1, text: RegExp];
const cases: Case[] = [
  [
    "no vulnerability passes",
    Response.json({}),
    {},
    0,
    /^Packages: 3\. Known vulnerabilities: 0, 0 to fix\.$/,
  ],
  [
    "a low one in a package that is deployed by way of another one fails",
    knows("deeper", "low"),
    {},
    1,
    new RegExp(
      "^ +package +severity +where +fix +title +advisory\\n" +
        `fails +deeper +low +deployed +none yet +Reads too much +https://github\\.com/advisories/${GHSA}\\n` +
        "Packages: 3\\. Known vulnerabilities: 1, 1 to fix\\.$",
    ),
  ],
  [
    "a moderate one in development passes",
    knows("tooling", "moderate"),
    {},
    0,
    /slight +tooling +moderate +devel/,
  ],
  ["a high one in development fails", knows("tooling", "high"), {}, 1, /fails +tooling +high +development/],
  [
    "development is looked up where npm leaves it out by default",
    knows("tooling", "high"),
    withSettings({ NODE_ENV: "production", npm_config_omit: "dev" }),
    1,
    /fails +tooling/,
  ],
  ...["npm_config_offline", "npm_config_prefer_offline"].map((setting): Case => [
    `the registry is asked in spite of ${setting}, with which npm would find nothing`,
    knows("deeper", "low"),
    withSettings({ [setting]: "true" }),
    1,
    /fails +deeper/,
  ]),
  ...[404, 405, 410, 501].flatMap((code) =>
    [false, true].map((required): Case => [
      `a registry without advisories (${code}) ${required ? "fails where they are required" : "passes"}`,
      status(code),
      { required },
      required ? 1 : 0,
      new RegExp(`^The registry has no advisories \\(status ${code}\\): nothing was checked\\.$`),
    ])
  ),
  [
    "what is accepted passes on its last day",
    knows("deeper", "low"),
    accepting("2026-11-22"),
    0,
    /accepted +deeper +low +deployed/,
  ],
  [
    "and fails the day after",
    knows("deeper", "low"),
    accepting("2026-11-21"),
    1,
    /fails +deeper[^]*GHSA-aaaa-bbbb-cccc in deeper .* was accepted until 2026-11-21\./,
  ],
  [
    "accepting what is not there fails",
    Response.json({}),
    accepting("2027-01-01"),
    1,
    /GHSA-aaaa-bbbb-cccc in deeper .* is accepted and not found\./,
  ],
  [
    "so does accepting something else of the package",
    knows("deeper", "low"),
    accepting("2027-01-01", "GHSA-gggg-hhhh-iiii"),
    1,
    /fails +deeper[^]*GHSA-gggg-hhhh-iiii in deeper .* is accepted and not found\./,
  ],
];
for (const [what, answer, asked, exitCode, text] of cases) {
  Deno.test(`audit: ${what}`, async () => {
    const said = await audit(answer, asked);
    assert.equal(said.exitCode, exitCode, said.text);
    assert.match(said.text, text);
    assert.deepEqual(said.questions, [{ carried: ["1.0.0"], deeper: ["1.0.3"], tooling: ["1.0.0"] }]);
  });
}

Deno.test("audit: a registry that refuses, fails, answers rubbish or never answers fails it", async () => {
  const message = /^npm could not ask for advisories: \S/;
  for (const code of [400, 401, 403, 407, 413, 429, 451, 500]) {
    await assert.rejects(audit(status(code)), { message }, `${code}`);
  }
  await assert.rejects(audit(new Response("<html>")), { message });
  await assert.rejects(audit(Response.json({ deeper: "yes" })), { message });
  await assert.rejects(audit("never", { timeoutMs: 200 }), { message });
});
