// The parts of the rehearsal by themselves.
import assert from "node:assert/strict";
import { join } from "node:path";
import { startDeadEnd } from "./deployment.ts";
import { namedBy, packagesOf } from "./import_graph.ts";
import { startManagementApi } from "./management_api.ts";
import { askedBeyondLoopback } from "./permissions.ts";
import { deployedFolders, unpack } from "./unpacked.ts";

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the dead end notes who is asked through it, and reaches nobody", async () => {
  await using outside = startDeadEnd();
  using client = Deno.createHttpClient({ proxy: { url: outside.url } });
  await assert.rejects(fetch("https://host.invalid/path", { client }));
  await assert.rejects(fetch("http://host.invalid/path", { client }));
  assert.match(outside.asked[0] ?? "", /^CONNECT host\.invalid:443 /);
  assert.match(outside.asked.at(-1) ?? "", /^GET http:\/\/host\.invalid\/path /);
});

Deno.test("an import map has its packages once each, with their versions", () => {
  const imports = {
    "@scope/name": "npm:@scope/name@1.2.3",
    "hono": "npm:hono@4.0.0",
    "hono/": "npm:/hono@4.0.0/",
  };
  const packages = packagesOf(JSON.stringify({ nodeModulesDir: "manual", imports }));
  assert.deepEqual([...packages], [["@scope/name", "1.2.3"], ["hono", "4.0.0"]]);
  for (
    const target of ["./tools/log.ts", "https://example.com/mod.ts", "npm:hono", "jsr:@std/assert@1.0.0"]
  ) {
    assert.throws(() => packagesOf(JSON.stringify({ imports: { target } })), {
      message: `The import map names ${target}, which is no version of a package.`,
    });
  }
});

Deno.test("an import map names what it holds, and what begins with a name that ends in a slash", () => {
  const isNamed = namedBy(
    JSON.stringify({ imports: { "zod": "npm:zod@4.0.0", "hono/": "npm:/hono@4.0.0/" } }),
  );
  const specifiers = ["zod", "hono/cors", "hono/", "zod/v4/core", "zodiac", "hono", "constructor", ""];
  assert.deepEqual(specifiers.filter(isNamed), ["zod", "hono/cors", "hono/"]);
});

Deno.test("the Management API keeps deploys with their paths, and refuses everything else", async () => {
  const [token, projectRef] = ["sbp_token", "abcdefghijklmnopqrst"];
  const metadata = { name: "api", entrypoint_path: "index.ts", static_patterns: [], verify_jwt: false };
  const formOf = (said: unknown) => {
    const form = new FormData();
    form.append("file", new Blob(["export {};\n"]), "supabase/functions/api/index.ts");
    form.append("metadata", JSON.stringify(said));
    return form;
  };
  await using api = startManagementApi({ token, projectRef });
  const project = `${api.url}/v1/projects/${projectRef}`;
  const statusOf = async (url: string, init: RequestInit = {}) => {
    const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` }, ...init });
    await answer.body?.cancel();
    return answer.status;
  };
  const deploy = (body: FormData, init: RequestInit = {}) =>
    statusOf(`${project}/functions/deploy?slug=api`, { method: "POST", body, ...init });

  assert.deepEqual([await deploy(formOf(metadata)), await statusOf(project)], [201, 200]);
  assert.deepEqual(api.refused, []);
  const [upload] = api.uploads;
  assert.deepEqual([upload?.slug, upload?.metadata], ["api", metadata]);
  assert.deepEqual(upload?.files.map(({ path, bytes }) => [path, new TextDecoder().decode(bytes)]), [
    ["supabase/functions/api/index.ts", "export {};\n"],
  ]);

  const other = formOf(metadata);
  other.append("environment", "DASHSCOPE_API_KEY=…");
  assert.deepEqual([
    await statusOf(`${project}/secrets`),
    await statusOf(`${project}/functions/api`, { method: "DELETE" }),
    await statusOf(project.replace(projectRef, "another")),
    await statusOf(project, { headers: { authorization: "Bearer sbp_another" } }),
    await deploy(formOf(metadata), { headers: {} }),
    await deploy(formOf({ ...metadata, secrets: {} })),
    await deploy(other),
  ], [404, 404, 404, 401, 401, 400, 400]);
  assert.equal(api.uploads.length, 1);
  assert.equal(api.refused.length, 7);
  assert.equal(api.refused[0], `GET /v1/projects/${projectRef}/secrets is no part of a deploy.`);
});

Deno.test("beyond the environment and loopback, what was asked for is listed once, URLs without paths", () => {
  const listed = (asked: [permission: string, value: string | null][]) =>
    askedBeyondLoopback(asked.map(([permission, value]) => JSON.stringify({ permission, value })).join("\n"));
  assert.deepEqual(
    listed([["env", null], ["net", "127.0.0.1:8000"], ["net", "http://127.0.0.1:9/x?token=t"]]),
    [],
  );
  const urls = ["https://example.com/x?token=t", "https://example.com/y", "127.0.0.1.example.com:443"];
  assert.deepEqual(
    listed([...urls.map((url): [string, string] => ["net", url]), ["net", null], ["read", "/etc/passwd"], [
      "run",
      null,
    ]]),
    ["net 127.0.0.1.example.com", "net any host", "net example.com", "read /etc/passwd", "run of any kind"],
  );
});

Deno.test("uploaded files are unpacked where their paths say, and none outside or twice", () =>
  inFolder(async (temporary) => {
    const bytes = new TextEncoder().encode("export {};\n");
    const folder = join(temporary, "folder");
    await Deno.mkdir(folder);
    const paths = "../a.ts /a.ts a/../../a.ts ./a.ts a//b.ts a\\..\\b.ts C:/a.ts a\0.ts".split(" ");
    const outside = ["", ...paths].map((
      path,
    ) => [path, `The path ${JSON.stringify(path)} leads out of the folder.`]);
    for (const [path = "", message] of [...outside, ["first.ts", "first.ts was uploaded twice."]]) {
      await assert.rejects(unpack([{ path: "first.ts", bytes }, { path, bytes }], folder), { message });
      assert.deepEqual([...Deno.readDirSync(folder)], []);
    }
    assert.deepEqual([...Deno.readDirSync(temporary)].map(({ name }) => name), ["folder"]);
    const within = ["deno.json", "supabase/functions/api/index.ts"];
    await unpack(within.map((path) => ({ path, bytes })), folder);
    for (const path of within) assert.deepEqual(await Deno.readFile(join(folder, path)), bytes);
  }));

Deno.test("deployed packages are needed, in the versions of the import map", () =>
  inFolder(async (root) => {
    const packages = {
      "": {},
      "node_modules/one": { version: "1.0.0" },
      "node_modules/one/node_modules/shared": { version: "1.0.0" },
      "node_modules/tool": { version: "1.0.0", dev: true },
    };
    await Deno.writeTextFile(
      join(root, "package-lock.json"),
      JSON.stringify({ lockfileVersion: 3, packages }),
    );
    const folders = (name: string, version: string) => deployedFolders(root, new Map([[name, version]]));
    assert.deepEqual(await folders("one", "1.0.0"), ["node_modules/one"]);
    await assert.rejects(folders("one", "1.0.1"), {
      message: "one is 1.0.1 in the import map and 1.0.0 in the lock.",
    });
    await assert.rejects(folders("tool", "1.0.0"), {
      message: "tool is 1.0.0 in the import map and missing in the lock.",
    });
  }));
