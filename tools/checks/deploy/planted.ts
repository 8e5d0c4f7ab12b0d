import { cp } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readEnvironment } from "../../stack/function/function_environment.ts";
import { deployApi, type Deployment } from "./deployment.ts";
import { importGraph } from "./import_graph.ts";
import { EXPECTED, problemsOf } from "./problems.ts";
import { secretsOf } from "./secrets.ts";

/** What a deploy of a project with a planted fault did, and what is found wrong with it. */
export type Planted = { deployment: Deployment; problems: string[] };

/** What is deployed, and what says how. */
const PROJECT = ["deno.json", "supabase/config.toml", "supabase/functions/api", "supabase/functions/_shared"];

/** Text to put at the end of files, which are made where there are none. `COPY` in it becomes the copy's path. */
export type Additions = Record<string, string>;

/** Text of `config.toml` to be replaced. */
export type Change = { from: string; to: string };

/**
 * Deploys a copy of the project at `root` to the stand-in, after a fault was planted in it. The copy is gone afterwards.
 * Throws when there is nothing to change as it was asked, or nothing was deployed.
 */
export async function deployPlanted(
  { root, additions = {}, change }: { root: string; additions?: Additions; change?: Change },
): Promise<Planted> {
  const copy = await Deno.realPath(await Deno.makeTempDir({ prefix: "voice-clone-api-planted-" }));
  try {
    for (const path of PROJECT) await cp(join(root, path), join(copy, path), { recursive: true });
    for (const [path, text] of Object.entries(additions)) {
      const target = join(copy, path);
      await Deno.mkdir(dirname(target), { recursive: true });
      await Deno.writeTextFile(target, text.replaceAll("COPY", copy), { append: true });
    }
    if (change) {
      const path = join(copy, "supabase", "config.toml");
      const config = await Deno.readTextFile(path);
      if (!config.includes(change.from)) throw new Error(`config.toml does not say ${change.from}.`);
      await Deno.writeTextFile(path, config.replace(change.from, change.to));
    }

    const deployment = await deployApi({ root: copy, tools: root });
    const [upload] = deployment.uploads;
    if (!upload) throw new Error(`Nothing was deployed.\n${deployment.said}`);
    const problems = await problemsOf({
      upload,
      graph: await importGraph({
        folder: copy,
        entrypoint: EXPECTED.entrypoint_path,
        importMap: EXPECTED.import_map_path,
      }),
      secrets: secretsOf(await readEnvironment(join(copy, ".env"))),
      root: copy,
    });
    return { deployment, problems };
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
}
