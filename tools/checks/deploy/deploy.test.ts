// `npm run test:deploy`: the real CLI deploys the function, and what arrived is run.
import assert from "node:assert/strict";
import { join } from "node:path";
import { findDeno } from "../../stack/function/deno_binaries.mjs";
import { redirectConsole } from "../../stack/library_output.ts";
import { logToStdout, messageOf } from "../../stack/terminal.ts";
import { readOwnClip } from "../../operator/clip_file.ts";
import { runSmoke } from "../../operator/smoke/smoke_run.ts";
import { withTemporaryStack } from "../../stack/temporary_stack.ts";
import { deployApi, type Deployment } from "./deployment.ts";
import { ENTRYPOINT, IMPORT_MAP, importGraph } from "./import_graph.ts";
import { askedBeyondLoopback } from "./permissions.ts";
import { problemsOf } from "./problems.ts";
import { LARGEST_BUNDLE_BYTES, measureBundle, type Unpacked, withUnpacked } from "./unpacked.ts";
import { repository } from "../../stack/repository.ts";

let deployed: Promise<Deployment> | undefined;
/** One deploy of the checkout for all tests. */
const deploy = () => deployed ??= deployApi(repository);

async function theUpload() {
  const { uploads: [upload], said } = await deploy();
  assert(upload, said);
  return upload;
}

Deno.test("the CLI deploys api, once, and asks neither the API nor through its proxy for more", async () => {
  const { code, said, uploads, refused, asked } = await deploy();
  assert.equal(code, 0, said);
  assert.deepEqual({ uploads: uploads.length, refused, asked }, { uploads: 1, refused: [], asked: [] });
});

Deno.test("the upload is the function's import graph with its import map, byte for byte, and nothing else", async () => {
  assert.deepEqual(await problemsOf(await theUpload(), repository), []);
});

/** Passes the smoke run on a stack with the unpacked function and each provider. Only the newest Deno logs permissions. */
async function smoke({ folder, denoDir }: Unpacked, which: "platform" | "newest"): Promise<void> {
  const said: string[] = [];
  const log = (line: string) => said.push(line);
  redirectConsole(log);
  const auditOf = (provider: string) => ({ DENO_AUDIT_PERMISSIONS: join(denoDir, `${provider}.jsonl`) });
  const environment = {
    ...{ PATH: Deno.env.get("PATH") ?? "", HOME: denoDir, DENO_DIR: denoDir, TTS_PROVIDER_MODE: "qwen" },
    ...auditOf("qwen"),
  };
  try {
    await withTemporaryStack(folder, async (record, { reconfigure }) => {
      const clip = await readOwnClip();
      const run = () =>
        runSmoke({
          ...{ api: record.api_url, supabase: record.supabase_url, key: record.publishable_key, clip },
          ...{ name: "Deploy rehearsal", language: "English", text: "Hello from what was deployed." },
          save: () => Promise.resolve(),
          print: log,
        });
      const spoken = await run();
      assert.equal(spoken.row.tts_provider, "qwen");
      assert(spoken.audio && spoken.audio.durationSeconds > 0);
      await reconfigure({ TTS_PROVIDER_MODE: "modal", ...auditOf("modal") });
      const silent = await run();
      assert.deepEqual([silent.row.tts_provider, silent.audio], ["modal", null]);
    }, { environment, entrypoint: join(folder, ENTRYPOINT), deno: findDeno(which).binary, log });
  } catch (error) {
    throw new Error([...said, messageOf(error)].join("\n"), { cause: error });
  }
  if (which === "platform") return;
  for (const provider of ["qwen", "modal"]) {
    const auditLog = await Deno.readTextFile(auditOf(provider).DENO_AUDIT_PERMISSIONS);
    assert.deepEqual(askedBeyondLoopback(auditLog), [], provider);
  }
}

Deno.test("in an empty folder, beside the packages of its import map alone, it passes the smoke run", async () => {
  const upload = await theUpload();
  await withUnpacked(upload, async (unpacked) => {
    const { folder, denoDir } = unpacked;
    const { files, foreign, unresolved, fromPackages } = await importGraph(folder, denoDir);
    assert.deepEqual([IMPORT_MAP, ...files].sort(), upload.files.map(({ path }) => path).sort());
    assert.deepEqual({ foreign, unresolved }, { foreign: [], unresolved: [] });
    assert(fromPackages.length > 5, "it finds the packages");
    // The stack applies them; the function has no file system.
    await Deno.symlink(join(repository, "supabase/migrations"), join(folder, "supabase/migrations"));
    await smoke(unpacked, "platform");
    await smoke(unpacked, "newest");
  });
});

Deno.test("its size is printed, and is within the platform's limit", async () => {
  const upload = await theUpload();
  const size = await withUnpacked(upload, ({ folder }) => measureBundle(upload, folder));
  logToStdout(`\n${size.lines.join("\n")}`);
  assert(size.compressedBytes < LARGEST_BUNDLE_BYTES);
  assert(upload.files.length > 20 && size.packages > 5 && size.compressedBytes > size.bytes / 10);
});
