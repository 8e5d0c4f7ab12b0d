// The rules about who may import whom (docs/architecture.md), read off the sources themselves.
import assert from "node:assert/strict";
import { z } from "zod";
import { REPOSITORY, type Source, sourcesIn } from "../../../tools/testkit/harness/sources.ts";

const FUNCTIONS = "supabase/functions";
const sources = [...await sourcesIn(`${FUNCTIONS}/api`), ...await sourcesIn(`${FUNCTIONS}/_shared`)];
const inShared = (source: Source) => source.path.startsWith(`${FUNCTIONS}/_shared/`);
const nameOf = (path: string) => path.slice(FUNCTIONS.length + 1);

/** Each layer with the files it holds (the first that fits counts) and the layers it may import besides itself. */
const LAYERS: [layer: string, files: RegExp, mayImport: string[]][] = [
  [
    "base",
    /^_shared\/(bytes|clock|contract\/error_codes|database\.types|database_answers|errors|hosts|json|log|once|repeatable|retry|tts\/(languages|provider_error|sent_language|text_length|token))\.ts$/,
    [],
  ],
  ["contract", /^_shared\/contract\//, ["base"]],
  ["config", /^_shared\/(config(_\w+)?|environment)\.ts$/, ["base"]],
  ["supabase", /^_shared\/(supabase|key_set)\.ts$/, ["base"]],
  ["accounts", /^_shared\/accounts\.ts$/, ["base", "supabase"]],
  ["provider interface", /^_shared\/tts\/provider\.ts$/, ["base"]],
  ["dashscope", /^_shared\/tts\/providers\/(dashscope|data_url)\.ts$/, ["base"]],
  ["providers", /^_shared\/tts\/providers\//, ["base", "provider interface", "dashscope"]],
  ["storage", /^_shared\/storage\//, ["base", "contract", "supabase", "provider interface"]],
  ["audio", /^_shared\/audio\//, ["base", "contract", "storage"]],
  [
    "voices",
    /^_shared\/voices\//,
    ["base", "contract", "supabase", "accounts", "provider interface", "storage", "audio"],
  ],
  [
    "generations",
    /^_shared\/generations\//,
    ["base", "contract", "supabase", "accounts", "provider interface", "storage", "audio"],
  ],
  ["deployment", /^_shared\/deployment\//, ["base", "contract", "config", "supabase", "provider interface"]],
  ["http", /^api\/(middleware\/|hono_types\.ts$|routes\/body\.ts$)/, ["base", "contract"]],
  ["routes", /^api\/routes\//, ["base", "contract", "config", "http", "wiring"]],
  [
    "wiring",
    /^api\/services\.ts$/,
    [
      ...["base", "config", "supabase", "accounts", "provider interface", "providers", "storage", "audio"],
      ...["voices", "generations", "deployment"],
    ],
  ],
  [
    "boot",
    /^api\/(app|front|index|unconfigured)\.ts$/,
    ["base", "contract", "config", "http", "routes", "wiring"],
  ],
];

const layerOf = (path: string) => LAYERS.find(([, files]) => files.test(nameOf(path)));

/** The places where a pattern stands in the code of these files, comments left out. */
function placesOf(pattern: RegExp, files: Source[]): string[] {
  return files.filter(({ text }) => pattern.test(text.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, "")))
    .map(({ path }) => nameOf(path));
}

const importersOf = (pattern: RegExp) =>
  sources.filter(({ imports }) => imports.some(({ specifier }) => pattern.test(specifier)))
    .map(({ path }) => nameOf(path));

const graph = z.object({
  modules: z.array(z.looseObject({
    specifier: z.string(),
    dependencies: z.array(z.object({ specifier: z.string() })).optional(),
  })),
});

Deno.test("the imports read here are those that Deno reads", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", `${FUNCTIONS}/api/index.ts`],
    cwd: REPOSITORY,
    stdin: "null",
  }).output();
  const { modules } = graph.parse(JSON.parse(new TextDecoder().decode(stdout)));
  const own = modules.filter(({ specifier }) => specifier.startsWith(`${REPOSITORY.href}${FUNCTIONS}/`));
  assert.deepEqual(
    own.map(({ specifier }) => specifier.slice(REPOSITORY.href.length)).sort(),
    sources.map(({ path }) => path).sort(),
    "every file of the function is part of it",
  );
  for (const { specifier, dependencies } of own) {
    const source = sources.find(({ path }) => specifier.endsWith(`/${path}`));
    assert.deepEqual(
      [...new Set(source?.imports.map((one) => one.specifier))].sort(),
      [...new Set(dependencies?.map((one) => one.specifier))].sort(),
      specifier,
    );
  }
});

Deno.test("every file has a layer, and imports point down only", () => {
  const wrong: string[] = [];
  for (const { path, imports } of sources) {
    const place = layerOf(path);
    if (place === undefined) {
      wrong.push(`${path} belongs to no layer`);
      continue;
    }
    const [layer, , mayImport] = place;
    for (const { file } of imports) {
      if (file === null) continue;
      const [target] = layerOf(file) ?? [file];
      if (target !== layer && !mayImport.includes(target)) wrong.push(`${path} (${layer}) imports ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("nothing in _shared knows the web framework", () => {
  assert.deepEqual(importersOf(/^(npm:)?\/?hono(\/|@|$)/).filter((path) => path.startsWith("_shared/")), []);
  assert.deepEqual(
    sources.filter(inShared).filter(({ imports }) => imports.some(({ file }) => file?.includes("/api/"))),
    [],
  );
});

Deno.test("only supabase.ts imports supabase-js, and others take its types alone", () => {
  assert.deepEqual(importersOf(/@supabase\//), ["_shared/supabase.ts"]);
  const loaders = sources.filter(({ imports }) =>
    imports.some(({ file, typeOnly }) => file === `${FUNCTIONS}/_shared/supabase.ts` && !typeOnly)
  );
  assert.deepEqual(loaders.map(({ path }) => nameOf(path)), ["api/services.ts"]);
});

Deno.test("only environment.ts reads the environment, only index.ts writes to the console and serves", () => {
  assert.deepEqual(placesOf(/\bDeno\s*(\?\.|\.)\s*env\b|\bprocess\s*\.\s*env\b/, sources), [
    "_shared/environment.ts",
  ]);
  assert.deepEqual(placesOf(/\bconsole\b/, sources), ["api/index.ts"]);
  assert.deepEqual(placesOf(/\bDeno\s*\.\s*serve\b/, sources), ["api/index.ts"]);
});

Deno.test("a provider takes types of the interface and nothing of storage, voices or requests", () => {
  const providers = sources.filter(({ path }) => path.includes("/tts/providers/"));
  assert(providers.length >= 4);
  const foreign = providers.flatMap(({ path, imports }) =>
    imports.filter(({ file, typeOnly }) =>
      file !== null &&
      (/\/(storage|voices|audio|api)\//.test(file) ||
        /(supabase|config)[\w.]*\.ts$|\/contract\//.test(file) ||
        (file.endsWith("/tts/provider.ts") && !typeOnly))
    ).map(({ specifier }) => `${nameOf(path)} imports ${specifier}`)
  );
  assert.deepEqual(foreign, []);
});

Deno.test("nothing that is deployed imports the development tools or a test", () => {
  const outside = sources.flatMap(({ path, imports }) =>
    imports.filter(({ file }) => file !== null && !/^supabase\/functions\/(api|_shared)\//.test(file))
      .map(({ specifier }) => `${path} imports ${specifier}`)
  );
  assert.deepEqual(outside, []);
});

Deno.test("no module keeps state: nothing but constants stands at the top", () => {
  const stateful = sources.filter(({ path, text }) =>
    /^(let|var) /m.test(text) && !path.endsWith("/api/index.ts")
  );
  assert.deepEqual(stateful.map(({ path }) => path), []);
});

Deno.test("what only one route needs is loaded by it alone: nothing that starts with the process reaches it", () => {
  const reached = new Set<string>();
  const packages = new Set<string>();
  const follow = (path: string) => {
    if (reached.has(path)) return;
    reached.add(path);
    for (
      const { specifier, file, typeOnly, lazy } of sources.find((one) => one.path === path)?.imports ?? []
    ) {
      if (typeOnly || lazy) continue;
      if (file) follow(file);
      else packages.add(specifier);
    }
  };
  for (const entry of ["index", "app", "services"]) follow(`${FUNCTIONS}/api/${entry}.ts`);
  for (const provider of ["qwen", "modal"]) follow(`${FUNCTIONS}/_shared/tts/providers/${provider}.ts`);
  assert.deepEqual([...packages].filter((name) => /^(mediabunny|eld)/.test(name)), []);
  const lazy = [
    ...["audio/inspect", "audio/mp3", "generations/speak", "generations/work", "voices/reconcile"],
    ...["deployment/check", "tts/providers/qwen_account"],
  ];
  assert.deepEqual(lazy.filter((name) => reached.has(`${FUNCTIONS}/_shared/${name}.ts`)), []);
  assert(reached.size > 30, "the imports were followed");
});
