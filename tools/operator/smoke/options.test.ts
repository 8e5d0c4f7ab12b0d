// What the smoke run is asked, where it goes, and what it reads and writes.
import assert from "node:assert/strict";
import { join } from "node:path";
import { readClip } from "./clip.ts";
import { parseOptions } from "./options.ts";
import { createOutput } from "./output.ts";
import { findTarget, type RunningStack } from "./target.ts";
import { repository } from "../../stack/repository.ts";
import { fixturePath } from "../../testkit/fixtures.ts";

Deno.test("a clip's type comes from its extension", async () => {
  assert.equal((await readClip()).contentType, "audio/wav");
  assert.equal((await readClip(fixturePath("speech-24k-mono.mp3"), "x")).contentType, "audio/mpeg");
  assert.equal((await readClip(fixturePath("speech-24k-mono.m4a"), "x")).contentType, "audio/mp4");
  await assert.rejects(readClip(fixturePath("speech.webm")), /not a wav, mp3 or m4a file/);
  await assert.rejects(readClip("no-such.wav"), /no-such\.wav cannot be read/);
});

Deno.test("options: what is given, what is derived, what is refused", () => {
  assert.deepEqual(parseOptions([]), {
    help: false,
    dataDir: undefined,
    name: "Smoke test",
    language: "English",
    api: undefined,
    supabase: undefined,
  });
  const hosted = parseOptions(["--supabase", "https://p.supabase.co/", "--key", "k"]);
  assert.equal(hosted.supabase, "https://p.supabase.co");
  assert.equal(hosted.api, "https://p.supabase.co/functions/v1/api");
  assert.equal(parseOptions(["--api", "http://h/api/", "--token", "t"]).api, "http://h/api");
  const { text, out } = parseOptions(["--text", "Good evening.", "--out", "evening.wav"]);
  assert.deepEqual([text, out], ["Good evening.", "evening.wav"]);
  assert.equal(parseOptions(["--help"]).help, true);
  const wrong = [
    ["--api", "http://h/api"],
    ["--supabase", "http://h"],
    ["--api", "h", "--token", "t"],
    ["--file", "x.wav"],
    ["--name", ""],
    ["--text", ""],
    ["--out", ""],
    ["--nonsense"],
    ["stray"],
  ];
  for (const args of wrong) assert.throws(() => parseOptions(args), Error, args.join(" "));
});

/** Looks for a target with a running stack of qwen, or none; `seen` is what was done. */
async function target(asked: { api?: string }, options: { running: boolean; wantedProvider?: string }) {
  const seen: string[] = [];
  const stack = (name: string): RunningStack => ({ api_url: name, supabase_url: "s", publishable_key: "k" });
  const found = await findTarget({
    asked,
    wantedProvider: options.wantedProvider,
    readStack: () => Promise.resolve(options.running ? stack("running") : null),
    startStack: () => {
      seen.push("start");
      return Promise.resolve({ record: stack("own"), stop: () => Promise.resolve(void seen.push("stop")) });
    },
    providerOf: () => Promise.resolve("qwen"),
    print() {},
  });
  await found.close();
  return [found.api, ...seen];
}

Deno.test("the target is the one asked for, else the running stack, else one's own, which is stopped", async () => {
  assert.deepEqual(await target({ api: "http://h/api" }, { running: true }), ["http://h/api"]);
  assert.deepEqual(await target({}, { running: true }), ["running"]);
  assert.deepEqual(await target({}, { running: true, wantedProvider: "qwen" }), ["running"]);
  assert.deepEqual(await target({}, { running: true, wantedProvider: "modal" }), ["own", "start", "stop"]);
  assert.deepEqual(await target({}, { running: false }), ["own", "start", "stop"]);
});

Deno.test("what was spoken is saved where it was asked for, and else in .local, named from the caller's folder", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const output = createOutput("evening.wav", folder);
    await output.save(new Uint8Array([1, 2, 3]));
    assert.equal(output.name, "evening.wav");
    assert.deepEqual(await Deno.readFile(join(folder, "evening.wav")), new Uint8Array([1, 2, 3]));
    await assert.rejects(createOutput("missing/evening.wav", folder).save(new Uint8Array()), {
      message: `${join("missing", "evening.wav")} cannot be written. Name another file with --out.`,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  assert.equal(createOutput(undefined, repository).name, join(".local", "smoke.wav"));
  assert.equal(
    createOutput(undefined, join(repository, "docs")).name,
    join(repository, ".local", "smoke.wav"),
  );
});
