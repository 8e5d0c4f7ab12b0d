import { join } from "node:path";
import { startDeadEnd } from "./dead_end.ts";
import { startManagementApi } from "./management_api.ts";
import type { Upload } from "./upload.ts";

/** What a deploy with the Supabase CLI did. */
export type Deployment = {
  /** Its exit code. */
  code: number;
  /** What it printed, both streams. */
  said: string;
  uploads: Upload[];
  /** What it asked of the Management API that is no part of a deploy; see `ManagementApi`. */
  refused: string[];
  /** Whom else it asked through its proxy; see `DeadEnd`. */
  asked: string[];
};

/** Made up, and of the form that the CLI wants (https://supabase.com/docs/reference/cli): nobody's project, nobody's token. */
const PROJECT_REF = "abcdefghijklmnopqrst";
const TOKEN = `sbp_${"0123456789".repeat(4)}`;

/**
 * Has the Supabase CLI that is installed in `tools` deploy the function `api` of a project's folder to a stand-in, with
 * an empty home and nothing of this process's environment but `PATH`. Its proxy leads nowhere: a client that honours
 * `HTTP_PROXY` and `HTTPS_PROXY`, as Go's and Deno's do, reaches no other host, and `asked` tells whom it wanted. One that
 * honours neither is not held back.
 */
export async function deployApi(
  { root, tools, token = TOKEN }: {
    /** The folder that holds `supabase/`. */
    root: string;
    /** The folder that holds `node_modules/`. */
    tools: string;
    /** Another one than the stand-in knows, for a test of the stand-in. */
    token?: string;
  },
): Promise<Deployment> {
  const home = await Deno.makeTempDir({ prefix: "voice-clone-api-home-" });
  const api = startManagementApi({ token: TOKEN, projectRef: PROJECT_REF });
  const outside = startDeadEnd();
  try {
    const profile = join(home, "profile.yaml");
    const hosts = { api_url: api.url, dashboard_url: api.url, docs_url: api.url };
    // JSON is YAML.
    await Deno.writeTextFile(
      profile,
      JSON.stringify({ name: "rehearsal", ...hosts, project_host: "supabase.invalid" }),
    );
    const { code, stdout, stderr } = await new Deno.Command(join(tools, "node_modules", ".bin", "supabase"), {
      // `--yes`: without a terminal it cannot ask whether the project is the right one, and changes nothing.
      args: [
        ...["functions", "deploy", "api", "--use-api", "--yes"],
        ...[`--remote=${PROJECT_REF}`, "--profile", profile, "--workdir", root],
      ],
      cwd: root,
      clearEnv: true,
      env: {
        PATH: Deno.env.get("PATH") ?? "",
        HOME: home,
        SUPABASE_ACCESS_TOKEN: token,
        SUPABASE_TELEMETRY_DISABLED: "1",
        DO_NOT_TRACK: "1",
        SUPABASE_NO_UPDATE_NOTIFIER: "1",
        HTTP_PROXY: outside.url,
        HTTPS_PROXY: outside.url,
        NO_PROXY: "127.0.0.1",
      },
      stdin: "null",
    }).output();
    const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
    return { code, said, uploads: api.uploads, refused: api.refused, asked: outside.asked };
  } finally {
    await Promise.all([api.stop(), outside.stop()]);
    await Deno.remove(home, { recursive: true });
  }
}
