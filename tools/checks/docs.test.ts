import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { z } from "zod";
import { ConfigError } from "../../supabase/functions/_shared/environment.ts";
import { parseConfig } from "../../supabase/functions/_shared/config_schema.ts";
import { repository } from "../stack/repository.ts";

const read = (path: string) => Deno.readTextFileSync(join(repository, path));

/** The files below a folder whose names end so, as paths from the repository. */
function filesBelow(folder: string, ending: string): string[] {
  return [...Deno.readDirSync(join(repository, folder))].flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) return filesBelow(path, ending);
    return entry.name.endsWith(ending) ? [path] : [];
  });
}

const documents = ["README.md", ...filesBelow("docs", ".md")];

const withoutCode = (markdown: string) =>
  markdown.replace(/^( *)```[\s\S]*?^\1```/gm, "").replace(/`[^`]*`/g, "");

/** As GitHub forms the anchor of a heading. */
const anchorOf = (heading: string) =>
  heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").trim().replaceAll(" ", "-");

const anchorsOf = (path: string) => namesIn(read(path), /^#+ +(.+)$/gm).map(anchorOf);

function section(path: string, heading: string): string {
  const [, after] = read(path).split(`\n## ${heading}\n`);
  assert(after !== undefined, `${path} has no section "${heading}"`);
  return after.split("\n## ")[0] ?? "";
}

const sorted = (names: Iterable<string>) => [...new Set(names)].sort();

/** What a pattern's first group matches, sorted, once each. */
function namesIn(text: string, pattern: RegExp): string[] {
  return sorted([...text.matchAll(pattern)].map(([, name = ""]) => name));
}

Deno.test("every relative link leads to a file, and to a heading where it names one", () => {
  let links = 0;
  for (const document of documents) {
    for (const [, target = ""] of withoutCode(read(document)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      links++;
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? document : relative(repository, join(repository, dirname(document), path));
      assert(existsSync(join(repository, file)), `${document} links to ${target}, which is not there`);
      assert(!anchor || anchorsOf(file).includes(anchor), `${document} links to ${target}: no such heading`);
    }
  }
  assert(links > 10);
});

/** The names that the configuration looks up in its environment. */
function variablesRead(): string[] {
  const names: string[] = [];
  const watched = new Proxy<Record<string, string>>({}, {
    get(target, name) {
      if (typeof name === "string" && /^[A-Z]/.test(name)) names.push(name);
      return Reflect.get(target, name);
    },
  });
  assert.throws(() => parseConfig(watched), ConfigError);
  return sorted(names);
}

Deno.test("docs/api.md and .env.example name the environment variables that the function reads", () => {
  const wanted = variablesRead();
  assert(wanted.length > 15);
  assert.deepEqual(namesIn(section("docs/api.md", "Environment"), /^\| `([A-Z_]+)`/gm), wanted);
  // PORT is the local stack's.
  assert.deepEqual(
    namesIn(read(".env.example"), /^(?:# ?)?([A-Z][A-Z0-9_]+)=/gm),
    sorted([...wanted, "PORT"]),
  );
});

Deno.test("every npm script that the documents name exists", () => {
  const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(
    JSON.parse(read("package.json")),
  );
  const text = [...documents, ".env.example"].map(read).join("\n");
  const named = namesIn(text, /\bnpm (?:run (?:-s )?)?((?<=run (?:-s )?)[a-z:_]+|start|test)\b/g);
  assert(named.length > 5);
  assert.deepEqual(named.filter((name) => !(name in scripts)), []);
});

Deno.test("docs/operations.md names the events that the function logs", () => {
  const sources = ["api", "_shared"].flatMap((folder) => filesBelow(`supabase/functions/${folder}`, ".ts"));
  const events = /["`]((?:clone|voice|reconcile|config|load|request)\.[a-z_]+)["`]/g;
  const logged = namesIn(sources.map(read).join("\n"), events);
  assert(logged.length > 5);
  assert.deepEqual(namesIn(section("docs/operations.md", "Log events"), events), logged);
});

const PATH = /[`\s](?:@(?=tools))?((?:tools|supabase|docs|\.ci)\/[\w./-]*\w\/?)(?=[`\s])/g;

Deno.test("every file that the documents name by its path from the repository exists", () => {
  for (const document of documents) {
    for (const path of namesIn(read(document), PATH)) {
      assert(existsSync(join(repository, path)), `${document} names ${path}, which is not there`);
    }
  }
});

Deno.test("the README's shell lines need nothing that sh lacks and no comment that zsh would run", () => {
  for (const document of documents) {
    for (const [, , block = ""] of read(document).matchAll(/^( *)```sh\n([\s\S]*?)^\1```/gm)) {
      assert.doesNotMatch(block, /\$RANDOM|\[\[|<<<|<\(|^\s*function /m, document);
      assert.doesNotMatch(block, /(^|\s)# /m, `${document}: zsh hands a comment to the command`);
      assert.doesNotMatch(block, /…/, `${document}: cannot be pasted`);
    }
  }
});
