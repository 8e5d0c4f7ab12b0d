// `npm run doctor -- --live` on a whole stack: what it confirms, what it finds wrong, and that it leaves nothing behind.
import assert from "node:assert/strict";
import { z } from "zod";
import { openDatabase } from "../../stack/postgres/project_database.ts";
import type { Check } from "./check.ts";
import { examineLive } from "./live.ts";
import { createRemedies } from "./remedies.ts";
import { SIMULATOR_KEY } from "../../stack/function/function_environment.ts";
import { logLines } from "../../stack/terminal.ts";
import { readPrinted, withPatient } from "./doctor_stack.ts";
import { repository } from "../../stack/repository.ts";

const account = z.object({
  voices: z.array(z.object({ voice: z.string() })),
  bill: z.object({ total: z.number() }),
});

/** Rewrites the JSON that the provider answers to an action. */
type Rewrite = (action: string, body: string) => string;

Deno.test("the doctor's live look", { sanitizeOps: false, sanitizeResources: false }, async (t) => {
  await withPatient(async (patient) => {
    const { record } = patient;
    const atProvider = async () => account.parse(await patient.control("GET", "/voices"));
    const database = openDatabase(record.database_url);
    const stored = async () => (await database`select name from storage.objects`).map(({ name }) => name);
    const assertNothingLeft = async () => {
      assert.deepEqual((await atProvider()).voices, []);
      assert.deepEqual(await stored(), []);
    };

    /** The look in this process, with the provider's answers rewritten. */
    const look = async (
      rewrite: Rewrite,
      options: { delivery?: "signed_url" | "data_url"; signal?: AbortSignal; given?: Check[] } = {},
    ) => {
      const checks = options.given ?? [];
      const provider = record.simulator_url ?? "";
      const rewriting: typeof fetch = async (input, init) => {
        const isProvider = String(input).startsWith(provider) && init?.method === "POST";
        if (!isProvider) return await fetch(input, init);
        const action = /"action":"(\w+)"/.exec(await new Response(init.body).text())?.[1] ?? "synthesize";
        const response = await fetch(input, init);
        return new Response(rewrite(action, await response.text()), {
          status: response.status,
          headers: { "content-type": "application/json" },
        });
      };
      await examineLive({
        api: record.api_url,
        key: record.secret_key,
        signal: options.signal ?? new AbortController().signal,
        remedies: createRemedies({ local: true }),
        fetch: rewriting,
      }, {
        qwen: {
          apiKey: SIMULATOR_KEY,
          region: "intl",
          baseUrl: provider,
          targetModel: "qwen3-tts-vc-2026-01-22",
          delivery: options.delivery ?? "signed_url",
          signedUrlTtlSeconds: 60,
          timeoutMs: 10_000,
        },
        supabaseUrl: record.supabase_url,
        publicUrl: record.supabase_url,
        give: (check) => checks.push(check),
        token: "0123456789",
      });
      return checks;
    };
    const asIs: Rewrite = (_action, body) => body;
    const statuses = (checks: Check[]) => checks.map(({ status, name }) => `${status} ${name}`);
    const only = (action: string, from: RegExp, to: string): Rewrite => (asked, body) =>
      asked === action ? body.replaceAll(from, to) : body;

    await t.step("the command creates one voice, confirms all four facts, and deletes it", async () => {
      const { checks } = readPrinted(await patient.command(["--live", "--yes", "--json"]));
      const live = checks.slice(20);
      assert.deepEqual(live.map(({ status, name }) => `${status} ${name}`), [
        "ok live create",
        "ok live id",
        "ok live list",
        "ok live speech",
        "ok live clean-up",
      ]);
      assert.equal(live[0]?.detail, "Region intl took an MP3 under the name reference.wav.");
      assert.match(
        live[1]?.detail ?? "",
        /^qwen-tts-vc-docto_[0-9a-f]{10}-voice-\d{17}-\w+ embeds the name docto_/,
      );
      assert.match(live[3]?.detail ?? "", /^\d{4,} bytes from 127\.0\.0\.1:\d+, a host/);
      assert.equal((await atProvider()).bill.total, 1);
      await assertNothingLeft();
    });

    await t.step("it is not tried where something failed", async () => {
      await patient.control("POST", "/settings", { voice_limit: 2_000 });
      await patient.control("POST", "/voices", { count: 995 });
      const { code, checks } = readPrinted(await patient.command(["--live", "--yes", "--json"]));
      assert.deepEqual([code, checks.at(-1)?.name, checks.at(-1)?.status], [1, "live", "warning"]);
      assert.equal(checks.at(-1)?.detail, "Not tried, and nothing was paid.");
      assert.equal((await atProvider()).bill.total, 1);
      await patient.control("DELETE", "?voices=true");
    });

    await t.step("what keeps it from the provider is a line of the report", async () => {
      await patient.reconfigure({ TTS_PROVIDER_MODE: "modal" });
      const { code, checks } = readPrinted(await patient.command(["--live", "--yes", "--json"]));
      assert.deepEqual([code, checks.at(-1)?.name, checks.at(-1)?.status], [1, "live", "failed"]);
      assert.match(checks.at(-1)?.detail ?? "", /does not ask the provider: its mode is modal\.$/);
      await patient.reconfigure({ TTS_PROVIDER_MODE: "" });
    });

    await t.step("a data URL is told as such, and the same is confirmed", async () => {
      const checks = await look(asIs, { delivery: "data_url" });
      assert(checks.every(({ status }) => status === "ok"), JSON.stringify(checks));
      assert.match(checks[0]?.detail ?? "", /took an MP3 as a data URL; a name in \.wav was not tried\.$/);
      await assertNothingLeft();
    });

    await t.step(
      "an id without our token fails, one of another form is a warning; both voices are deleted",
      async () => {
        const examined = async (voiceIds: string) => {
          await patient.control("POST", "/settings", { voice_ids: voiceIds });
          const { code, checks } = readPrinted(await patient.command(["--live", "--yes", "--json"]));
          await patient.control("DELETE", "");
          await assertNothingLeft();
          const live = checks.slice(20);
          assert.deepEqual(live.filter(({ name }) => name !== "live id").map(({ status }) => status), [
            ...Array<string>(4).fill("ok"),
          ]);
          return { code, id: live.find(({ name }) => name === "live id") };
        };
        const without = await examined("without the token");
        assert.deepEqual([without.code, without.id?.status], [1, "failed"]);
        assert.match(
          without.id?.detail ?? "",
          /^voice-\d{17}-\w{4} does not carry the token of the name docto_\w{10}\. A lost voice cannot be found .*--resolve\.$/,
        );
        const another = await examined("capitals");
        assert.deepEqual([another.code, another.id?.status], [0, "warning"]);
        assert.match(
          another.id?.detail ?? "",
          /^QWEN3-TTS-VC-DOCTO_\S+ carries our token, and is found by it; it is not of the form qwen-tts-vc-docto_\w{10}-voice-TIME-HEX\.$/,
        );
        // What the doctor made is in no ledger, and is no reason to change what finalize does.
        assert.equal((await database`select from private.ids_without_token`).length, 0);
        await patient.control("DELETE", "?voices=true");
      },
    );

    const wrong: [what: string, rewrite: Rewrite, name: string, detail: RegExp][] = [
      [
        "a list that lags",
        only("list", /docto_0123456789/g, "docto_xxxxxxxxxx"),
        "live list",
        /^It does not show a voice that was just made/,
      ],
      [
        "speech at a host that nothing is fetched from",
        only("synthesize", /http:\/\/127\.0\.0\.1:\d+\//g, "https://results.example.com/"),
        "live speech",
        /^Speech at results\.example\.com was not fetched \(unreadable_answer\)\.$/,
      ],
    ];
    for (const [what, rewrite, name, detail] of wrong) {
      await t.step(`names ${what}`, async () => {
        // The simulator knows the voice by its own id, whatever was told of it.
        const found = (await look(rewrite)).filter((check) => check.name === name);
        assert.deepEqual(found.map(({ status }) => status), ["failed"]);
        assert.match(found[0]?.detail ?? "", detail);
        await patient.control("DELETE", "?voices=true");
        assert.deepEqual(await stored(), []);
      });
    }

    await t.step("a clip that is refused is told, and nothing more is tried", async () => {
      await patient.control("POST", "/faults", {
        action: "create",
        answer: { kind: "error", code: "Audio.DecoderError" },
      });
      const checks = await look(asIs);
      assert.deepEqual(statuses(checks), ["failed live create"]);
      assert.match(
        checks[0]?.detail ?? "",
        /^No voice was made of an MP3 .* \(rejected 400 Audio\.DecoderError\)\.$/,
      );
      await assertNothingLeft();
    });

    await t.step("a voice whose answer was lost is found and deleted", async () => {
      await patient.control("POST", "/faults", { action: "create", answer: { kind: "cut", when: "after" } });
      const checks = await look(asIs);
      assert.deepEqual(statuses(checks), ["failed live create", "ok live clean-up"]);
      await assertNothingLeft();
      await patient.control("POST", "/faults", { action: "create", answer: { kind: "cut", when: "before" } });
      const [, unknown] = await look(asIs);
      assert.equal(unknown?.status, "warning");
      assert.match(unknown?.fix ?? "", /_0123456789 in the provider's console/);
    });

    await t.step("a voice that cannot be deleted is named", async () => {
      await patient.control("POST", "/faults", {
        action: "delete",
        answer: { kind: "error", code: "InternalError" },
      });
      const last = (await look(asIs)).at(-1);
      assert.deepEqual([last?.status, last?.name], ["failed", "live clean-up"]);
      assert.match(
        last?.fix ?? "",
        /^Delete qwen-tts-vc-docto_0123456789-voice-\S+ in the provider's console\.$/,
      );
      await patient.control("DELETE", "?voices=true");
    });

    await t.step("Ctrl-C while the voice is made waits for it, and deletes voice and clip", async () => {
      await patient.control("POST", "/faults", { action: "create", hold: "before" });
      const child = new Deno.Command("node", {
        args: [
          "tools/run-deno.mjs",
          "run",
          "-A",
          "tools/commands/doctor.ts",
          "--data",
          patient.dataDir,
          "--live",
          "--yes",
        ],
        cwd: repository,
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      await patient.control("GET", "/held?count=1&wait_ms=30000");
      assert.equal((await stored()).length, 1);
      Deno.kill(child.pid, "SIGINT");
      const said = new Response(child.stdout).text();
      const errors: string[] = [];
      const stopping = Promise.withResolvers<void>();
      const reading = logLines(child.stderr, (line) => {
        errors.push(line);
        stopping.resolve();
      });
      await stopping.promise;
      await patient.control("POST", "/release", {});
      const { code } = await child.status;
      await reading;
      assert.deepEqual([code, errors], [
        1,
        ["Stopping, once what was made for the look is removed…", "Stopped: SIGINT."],
      ]);
      const lines = await said;
      assert.match(lines, /^ok {7}live create: /m);
      assert.match(lines, /^ok {7}live clean-up: qwen-tts-vc-docto_\S+ is deleted\.$/m);
      assert.equal((await atProvider()).bill.total, 1);
      await assertNothingLeft();
    });
    await database.end({ timeout: 1 });
  });
});
