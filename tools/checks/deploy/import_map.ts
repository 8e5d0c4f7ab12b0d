import { z } from "zod";

const importMapSchema = z.object({ imports: z.record(z.string(), z.string()) });

/** `npm:name@1.2.3`, and `npm:/name@1.2.3/` for the files of a package. */
const NPM = /^npm:\/?((?:@[\w.-]+\/)?[\w.-]+)@([^/]+)\/?$/;

/** What an import map names, and what for. Throws when the text is none. */
function importsOf(importMap: string): Record<string, string> {
  return importMapSchema.parse(JSON.parse(importMap)).imports;
}

/** The packages that an import map names, each with its version. Throws when it names anything but a version of a package. */
export function packagesOf(importMap: string): Map<string, string> {
  return new Map(
    Object.values(importsOf(importMap)).map((target) => {
      const [, name = "", version = ""] = NPM.exec(target) ?? [];
      if (name === "") throw new Error(`The import map names ${target}, which is no version of a package.`);
      return [name, version] as const;
    }),
  );
}

/**
 * Whether an import map names a specifier: as a whole, or by a beginning that ends in "/" (HTML standard, "Import maps").
 * The platform has nothing else to find a package by; here a `node_modules` would do.
 */
export function namedBy(importMap: string): (specifier: string) => boolean {
  const names = Object.keys(importsOf(importMap));
  return (specifier) =>
    names.some((name) => name === specifier || (name.endsWith("/") && specifier.startsWith(name)));
}
