// What the rehearsal is there to find, planted in a copy of the project and found.
import assert from "node:assert/strict";
import { deployApi } from "./deployment.ts";
import { importGraph } from "./import_graph.ts";
import { type Additions, type Change, deployPlanted } from "./planted.ts";
import { EXPECTED, problemsOf } from "./problems.ts";
import { withUnpacked } from "./unpacked.ts";
import { repository } from "../../stack/repository.ts";

const clock = "supabase/functions/_shared/clock.ts";
const marker = "rehearsal-marker-5f0c2a91";

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("secrets and tools that lie beside the function are not uploaded", async () => {
  const beside = [".env", "supabase/.env", "supabase/functions/.env", "supabase/functions/api/.env"];
  const additions: Additions = {
    ...Object.fromEntries(beside.map((path) => [path, `DASHSCOPE_API_KEY=${marker}\n`])),
    ".local/keys.json": JSON.stringify({ secretKey: marker }),
    "tools/commands/start.ts": `export const key = "${marker}";\n`,
    "supabase/functions/tests/planted.test.ts": `export const key = "${marker}";\n`,
  };
  const { deployment, problems } = await deployPlanted({ root: repository, additions });
  assert.deepEqual({ problems, asked: deployment.asked }, { problems: [], asked: [] });
  const [upload] = deployment.uploads;
  assert(upload && upload.files.length > 20);
  for (const { path, bytes } of upload.files) assert(!decode(bytes).includes(marker), path);
});

type Fault = { what: string; additions?: Additions; change?: Change; problems: string[] };

const faults: Fault[] = [
  {
    what: "an import of the development tools",
    additions: {
      "tools/planted.ts": "export const planted = 1;\n",
      [clock]: 'import "../../../tools/planted.ts";\n',
    },
    problems: ["tools/planted.ts is no part of the function."],
  },
  {
    what: "a lazy import of a test",
    additions: {
      "supabase/functions/tests/planted.ts": "export const planted = 1;\n",
      [clock]: 'export const load = () => import("../tests/planted.ts");\n',
    },
    problems: ["supabase/functions/tests/planted.ts is no part of the function."],
  },
  {
    what: "a package that another one brings along",
    additions: { [clock]: 'import "@supabase/auth-js";\n' },
    problems: [`${clock} imports @supabase/auth-js, which the import map does not name.`],
  },
  {
    what: "a file of a package whose files the import map does not name",
    additions: { [clock]: 'export * as core from "zod/v4/core";\n' },
    problems: [`${clock} imports zod/v4/core, which the import map does not name.`],
  },
  {
    what: "nothing wrong with what the runtime has built in",
    additions: { [clock]: 'import "node:buffer";\n' },
    problems: [],
  },
  {
    what: "a module that is fetched from elsewhere",
    additions: { [clock]: 'import "https://example.invalid/mod.ts";\n' },
    problems: [`${clock} imports https://example.invalid/mod.ts, which the import map does not name.`],
  },
  {
    what: "a file that config.toml adds",
    additions: { ".env": `DASHSCOPE_API_KEY=${marker}\n` },
    change: { from: "verify_jwt = false", to: 'verify_jwt = false\nstatic_files = ["../.env"]' },
    problems: [
      'static_patterns is [".env"] and should be [].',
      ".env was uploaded and is not imported.",
      ".env is no part of the function.",
      ".env holds the value of DASHSCOPE_API_KEY.",
    ],
  },
  {
    what: "a key in a source, by its value",
    additions: { ".env": `DASHSCOPE_API_KEY=${marker}\n`, [clock]: `export const key = "${marker}";\n` },
    problems: [`${clock} holds the value of DASHSCOPE_API_KEY.`],
  },
  {
    what: "a key in a source, by its form",
    additions: { [clock]: 'export const key = "sb_secret_0123456789";\n' },
    problems: [`${clock} holds a Supabase secret key.`],
  },
  {
    what: "a path of the machine",
    additions: { [clock]: 'export const place = "COPY/.local";\n' },
    problems: [`${clock} names a place on this machine.`],
  },
  {
    what: "the platform's own check of tokens",
    change: { from: "verify_jwt = false", to: "verify_jwt = true" },
    problems: ["verify_jwt is true and should be false."],
  },
  {
    what: "a deploy without the import map",
    change: { from: 'import_map = "../deno.json"', to: "" },
    problems: [
      'import_map_path is "" and should be "deno.json".',
      "deno.json is imported and was not uploaded.",
    ],
  },
];
for (const { what, problems, ...planted } of faults) {
  Deno.test(`it finds ${what}`, async () => {
    assert.deepEqual((await deployPlanted({ root: repository, ...planted })).problems, problems);
  });
}

Deno.test("it finds a file that did not arrive, and one that arrived as another", async () => {
  const { deployment: { uploads: [upload] } } = await deployPlanted({ root: repository });
  assert(upload);
  const graph = {
    files: upload.files.map(({ path }) => path),
    fromPackages: [],
    named: [],
    foreign: [],
    unresolved: [],
  };
  const files = upload.files.filter(({ path }) => path !== clock);
  assert.deepEqual(await problemsOf({ upload: { ...upload, files }, graph, secrets: [], root: repository }), [
    `${clock} is imported and was not uploaded.`,
  ]);
  const sent = upload.files.find(({ path }) => path === clock);
  assert(sent);
  for (const bytes of [sent.bytes.with(0, 0), sent.bytes.slice(0, -1)]) {
    const altered = upload.files.with(upload.files.indexOf(sent), { ...sent, bytes });
    assert.deepEqual(
      await problemsOf({ upload: { ...upload, files: altered }, graph, secrets: [], root: repository }),
      [`${clock} did not arrive as it lies here.`],
    );
  }
});

Deno.test("it finds a package that is installed here and that the import map does not name", async () => {
  const additions = { [clock]: 'export * from "jose";\n' };
  const { deployment: { uploads: [upload] } } = await deployPlanted({ root: repository, additions });
  assert(upload);
  const unresolved = await withUnpacked({ upload, root: repository }, async (unpacked) => {
    const { entrypoint_path: entrypoint, import_map_path: importMap } = EXPECTED;
    return (await importGraph({ ...unpacked, entrypoint, importMap })).unresolved;
  });
  assert.deepEqual(unresolved, [`${clock} imports jose, which is not there.`]);
});

Deno.test("without the token nothing is deployed, and the stand-in tells it", async () => {
  const { code, uploads, refused } = await deployApi({
    root: repository,
    tools: repository,
    token: `sbp_${"f".repeat(40)}`,
  });
  assert.notEqual(code, 0);
  assert.deepEqual(uploads, []);
  assert.match(
    refused[0] ?? "",
    /^POST \/v1\/projects\/[a-z]{20}\/functions\/deploy came without the token\.$/,
  );
});
