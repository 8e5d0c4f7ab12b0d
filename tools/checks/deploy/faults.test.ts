// The faults that the rehearsal finds, each planted in a copy of the project.
import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { dirname, join } from "node:path";
import { deployApi } from "./deployment.ts";
import { importGraph } from "./import_graph.ts";
import { problemsOf } from "./problems.ts";
import { withUnpacked } from "./unpacked.ts";
import { repository } from "../../stack/repository.ts";

const clock = "supabase/functions/_shared/clock.ts";
const marker = "rehearsal-marker-5f0c2a91";
const envFile = `DASHSCOPE_API_KEY=${marker}\n`;

/** What is deployed, and what says how. */
const PROJECT = ["deno.json", "supabase/config.toml", "supabase/functions/api", "supabase/functions/_shared"];

type Fault = {
  /** Text to append to files, which are made where there are none. `COPY` becomes the path of the copy. */
  additions?: Record<string, string>;
  /** Text of `config.toml`, and its replacement. */
  change?: [from: string, to: string];
};

async function deployPlanted({ additions = {}, change }: Fault) {
  const copy = await Deno.realPath(await Deno.makeTempDir({ prefix: "voice-clone-api-planted-" }));
  try {
    for (const path of PROJECT) await cp(join(repository, path), join(copy, path), { recursive: true });
    for (const [path, text] of Object.entries(additions)) {
      await Deno.mkdir(dirname(join(copy, path)), { recursive: true });
      await Deno.writeTextFile(join(copy, path), text.replaceAll("COPY", copy), { append: true });
    }
    if (change) {
      const path = join(copy, "supabase", "config.toml");
      const config = await Deno.readTextFile(path);
      assert(config.includes(change[0]), change[0]);
      await Deno.writeTextFile(path, config.replace(...change));
    }
    const { uploads: [upload], asked, said } = await deployApi(copy);
    assert(upload, said);
    return { upload, asked, problems: await problemsOf(upload, copy) };
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
}

Deno.test("secrets and tools that lie beside the function are not uploaded", async () => {
  const beside = [".env", "supabase/.env", "supabase/functions/.env", "supabase/functions/api/.env"];
  const { upload, asked, problems } = await deployPlanted({
    additions: {
      ...Object.fromEntries(beside.map((path) => [path, envFile])),
      ".local/keys.json": JSON.stringify({ secretKey: marker }),
      "tools/commands/start.ts": `export const key = "${marker}";\n`,
      "supabase/functions/tests/planted.test.ts": `export const key = "${marker}";\n`,
    },
  });
  assert.deepEqual({ problems, asked }, { problems: [], asked: [] });
  assert(upload.files.length > 20);
  for (const { path, bytes } of upload.files) {
    assert(!new TextDecoder().decode(bytes).includes(marker), path);
  }
});

const inClock = (text: string): Fault => ({ additions: { [clock]: `${text}\n` } });
const planted = (path: string, text: string): Fault => ({
  additions: { [path]: "export const planted = 1;\n", [clock]: `${text}\n` },
});
const unnamed = (specifier: string) => `${clock} imports ${specifier}, which the import map does not name.`;

const faults: [what: string, fault: Fault, problems: string[]][] = [
  [
    "an import of the development tools",
    planted("tools/planted.ts", 'import "../../../tools/planted.ts";'),
    ["tools/planted.ts is no part of the function."],
  ],
  [
    "a lazy import of a test",
    planted(
      "supabase/functions/tests/planted.ts",
      'export const load = () => import("../tests/planted.ts");',
    ),
    ["supabase/functions/tests/planted.ts is no part of the function."],
  ],
  [
    "a package that another one brings along",
    inClock('import "@supabase/auth-js";'),
    [unnamed("@supabase/auth-js")],
  ],
  [
    "a file of a package whose files the import map does not name",
    inClock('export * as core from "zod/v4/core";'),
    [unnamed("zod/v4/core")],
  ],
  ["nothing wrong with what the runtime has built in", inClock('import "node:buffer";'), []],
  [
    "a module that is fetched from elsewhere",
    inClock('import "https://example.invalid/mod.ts";'),
    [unnamed("https://example.invalid/mod.ts")],
  ],
  [
    "a file that config.toml adds",
    {
      additions: { ".env": envFile },
      change: ["verify_jwt = false", 'verify_jwt = false\nstatic_files = ["../.env"]'],
    },
    [
      'static_patterns is [".env"] and should be [].',
      ".env was uploaded and is not imported.",
      ".env is no part of the function.",
      ".env holds the value of DASHSCOPE_API_KEY.",
    ],
  ],
  [
    "a key in a source, by its form",
    inClock('export const key = "sb_secret_0123456789";'),
    [`${clock} holds a Supabase secret key.`],
  ],
  [
    "a path of the machine",
    inClock('export const place = "COPY/.local";'),
    [`${clock} names a place on this machine.`],
  ],
  [
    "the platform's own check of tokens",
    { change: ["verify_jwt = false", "verify_jwt = true"] },
    ["verify_jwt is true and should be false."],
  ],
  [
    "a deploy without the import map",
    { change: ['import_map = "../deno.json"', ""] },
    ['import_map_path is "" and should be "deno.json".', "deno.json is imported and was not uploaded."],
  ],
];
for (const [what, fault, problems] of faults) {
  Deno.test(`it finds ${what}`, async () => {
    assert.deepEqual((await deployPlanted(fault)).problems, problems);
  });
}

Deno.test("it finds a file that did not arrive, and one that arrived as another", async () => {
  const { upload } = await deployPlanted({});
  const files = upload.files.filter(({ path }) => path !== clock);
  assert.deepEqual(await problemsOf({ ...upload, files }, repository), [
    `${clock} is imported and was not uploaded.`,
  ]);
  const sent = upload.files.find(({ path }) => path === clock);
  assert(sent);
  for (const bytes of [sent.bytes.with(0, 0), sent.bytes.slice(0, -1)]) {
    assert.deepEqual(await problemsOf({ ...upload, files: [...files, { ...sent, bytes }] }, repository), [
      `${clock} did not arrive as it lies here.`,
    ]);
  }
});

Deno.test("it finds a package that is installed here and that the import map does not name", async () => {
  const { upload } = await deployPlanted(inClock('export * from "jose";'));
  const { unresolved } = await withUnpacked(
    upload,
    ({ folder, denoDir }) => importGraph(folder, denoDir),
  );
  assert.deepEqual(unresolved, [`${clock} imports jose, which is not there.`]);
});

Deno.test("without the token nothing is deployed, and the stand-in says so", async () => {
  const { code, uploads, refused } = await deployApi(repository, `sbp_${"f".repeat(40)}`);
  assert.notEqual(code, 0);
  assert.deepEqual(uploads, []);
  assert.match(
    refused[0] ?? "",
    /^POST \/v1\/projects\/[a-z]{20}\/functions\/deploy came without the token\.$/,
  );
});
