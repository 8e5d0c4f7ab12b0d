import assert from "node:assert/strict";
import { namedBy, packagesOf } from "./import_map.ts";

Deno.test("an import map's packages are told once each, with their versions", () => {
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
  for (const specifier of ["zod", "hono/cors", "hono/"]) assert(isNamed(specifier), specifier);
  for (const specifier of ["zod/v4/core", "zodiac", "hono", "constructor", ""]) {
    assert(!isNamed(specifier), specifier);
  }
});
