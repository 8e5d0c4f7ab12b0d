import assert from "node:assert/strict";
import { agreeToPay, parseOptions, usage } from "./doctor_options.ts";
import { runDoctor } from "./patient.ts";

Deno.test("the options are those of an operator's command, --live and --yes", () => {
  const none = { help: false, json: false, api: undefined, dataDir: undefined, live: false, yes: false };
  assert.deepEqual(parseOptions([]), none);
  assert.deepEqual(parseOptions(["--api", "https://x/api/", "--json", "--live", "--yes"]), {
    ...none,
    ...{ api: "https://x/api", json: true, live: true, yes: true },
  });
  for (
    const here of ["http://localhost:54321/functions/v1/api", "http://127.0.0.1:8/api", "http://[::1]/api"]
  ) assert.equal(parseOptions(["--api", here]).api, here);
  for (
    const [args, message] of [
      [["--yes"], /^--yes needs --live\.$/],
      [["--api", "http://10.0.0.7:8000/functions/v1/api"], /^--api must be https, .* unencrypted\.$/],
      [["--api", "http://ref.supabase.co/functions/v1/api"], /^--api must be https, but on this machine/],
      [["now"], /now/],
      [["--alive"], /--alive/],
    ] as const
  ) assert.throws(() => parseOptions([...args]), { message });
});

Deno.test("--help prints the usage; without a stack, a key or a terminal it ends with a sentence", async () => {
  assert.deepEqual(await runDoctor(["--help"]), { code: 0, out: `${usage}\n`, err: "" });
  const folder = await Deno.makeTempDir();
  for (
    const [args, sentence] of [
      [["--data", folder], /^No stack runs on /],
      [["--api", "http://127.0.0.1:9/api", "--json"], /^--api needs the project's secret key/],
      [["--data", folder, "--live"], /^--live creates a voice, which costs USD 0\.01\. .*--yes\.$/m],
    ] as const
  ) {
    const { code, out, err } = await runDoctor([...args], { SUPABASE_SECRET_KEY: "" });
    assert.equal(code, 1);
    assert.match(err, sentence);
    const check = { status: "failed", name: "doctor", detail: err.trim(), fix: null };
    assert.equal(out, args.includes("--json") ? `${JSON.stringify({ ok: false, checks: [check] })}\n` : "");
  }
  await Deno.remove(folder);
});

Deno.test("before it pays it asks, and accepts only y or yes", async () => {
  for (const answer of ["y", "YES ", "n", "", null, "yep"]) {
    const asked = agreeToPay((question) => {
      assert.match(question, /^This creates one voice \(USD 0\.01\) .*\[y\/N\]$/);
      return Promise.resolve(answer);
    });
    if (answer === "y" || answer === "YES ") await asked;
    else await assert.rejects(asked, { message: "Nothing was checked, and nothing was created." });
  }
});
