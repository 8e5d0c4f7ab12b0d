import { join } from "node:path";
import { repository } from "../../stack/repository.ts";
import { startManagementApi } from "./management_api.ts";

/** Made up, in the form that the CLI requires (https://supabase.com/docs/reference/cli). */
const projectRef = "abcdefghijklmnopqrst";
const TOKEN = `sbp_${"0123456789".repeat(4)}`;

/**
 * Starts a proxy that leads nowhere, on a free port of 127.0.0.1. It hangs up on each request and keeps its first line,
 * which names the host, in `asked`.
 */
export function startDeadEnd() {
  const asked: string[] = [];
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const listening = (async () => {
    for await (const connection of listener) {
      using open = connection;
      const bytes = new Uint8Array(8_192);
      const read = await open.read(bytes).catch(() => null);
      asked.push(new TextDecoder().decode(bytes.subarray(0, read ?? 0)).split("\r\n")[0] ?? "");
    }
  })();
  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    asked,
    async [Symbol.asyncDispose]() {
      listener.close();
      await listening;
    },
  };
}

export type Deployment = Awaited<ReturnType<typeof deployApi>>;

/**
 * Has the installed Supabase CLI deploy the function `api` of a project's folder to a stand-in, with an empty home and
 * nothing of this process's environment but `PATH`. Gives its exit code, what it printed, what it uploaded, what the
 * Management API refused, and which hosts it asked its proxy for. A client that honours `HTTP_PROXY` and `HTTPS_PROXY`, as
 * those of Go and Deno do, reaches no other host.
 * @param root the folder that contains `supabase/`
 * @param token a wrong one, for a test of the stand-in
 */
export async function deployApi(root: string, token = TOKEN) {
  const home = await Deno.makeTempDir({ prefix: "voice-clone-api-home-" });
  await using api = startManagementApi({ token: TOKEN, projectRef });
  await using outside = startDeadEnd();
  try {
    // JSON is YAML.
    const profile = join(home, "profile.yaml");
    const hosts = { api_url: api.url, dashboard_url: api.url, docs_url: api.url };
    const settings = { name: "rehearsal", ...hosts, project_host: "supabase.invalid" };
    await Deno.writeTextFile(profile, JSON.stringify(settings));
    const cli = join(repository, "node_modules", ".bin", "supabase");
    const { code, stdout, stderr } = await new Deno.Command(cli, {
      // `--yes`: without a terminal the CLI cannot ask for confirmation, and deploys nothing.
      args: [
        ...["functions", "deploy", "api", "--use-api", "--yes"],
        ...[`--remote=${projectRef}`, "--profile", profile, "--workdir", root],
      ],
      cwd: root,
      clearEnv: true,
      env: {
        ...{ PATH: Deno.env.get("PATH") ?? "", HOME: home, SUPABASE_ACCESS_TOKEN: token },
        ...{ SUPABASE_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1", SUPABASE_NO_UPDATE_NOTIFIER: "1" },
        ...{ HTTP_PROXY: outside.url, HTTPS_PROXY: outside.url, NO_PROXY: "127.0.0.1" },
      },
      stdin: "null",
    }).output();
    const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
    return { code, said, uploads: api.uploads, refused: api.refused, asked: outside.asked };
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}
