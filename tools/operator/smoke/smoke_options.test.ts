// What the smoke run is asked, where it goes, and what it reads and writes.
import assert from "node:assert/strict";
import { join } from "node:path";
import { repository } from "../../stack/repository.ts";
import { readClip, readOwnClip } from "../clip_file.ts";
import { createAudioFile } from "./audio_file.ts";
import { parseOptions } from "./smoke_options.ts";
import { type StackUrls, withSmokeTarget } from "./smoke_target.ts";

Deno.test("a clip's type comes from its extension", async () => {
  assert.equal((await readOwnClip()).contentType, "audio/wav");
  assert.equal((await readOwnClip("mp3")).contentType, "audio/mpeg");
  assert.equal((await readOwnClip("m4a")).contentType, "audio/mp4");
  await assert.rejects(readClip("speech.webm", "x"), /not a wav, mp3 or m4a file/);
  await assert.rejects(readClip("no-such.wav", "x"), /no-such\.wav cannot be read/);
});

Deno.test("options: what is given, what is derived, what is refused", () => {
  const none = { help: false, dataDir: undefined, api: undefined, supabase: undefined };
  const named = { name: "Smoke test", language: "English" };
  assert.deepEqual(parseOptions([]), { ...none, ...named });
  const hosted = parseOptions(["--supabase", "https://p.supabase.co/", "--key", "k"]);
  assert.equal(hosted.supabase, "https://p.supabase.co");
  assert.equal(hosted.api, "https://p.supabase.co/functions/v1/api");
  assert.equal(parseOptions(["--api", "http://h/api/", "--token", "t"]).api, "http://h/api");
  const { text, out } = parseOptions(["--text", "Good evening.", "--out", "evening.wav"]);
  assert.deepEqual([text, out], ["Good evening.", "evening.wav"]);
  assert.equal(parseOptions(["--help"]).help, true);
  for (const option of ["--name", "--text", "--out"]) {
    assert.throws(() => parseOptions([option, ""]), { message: `${option} is empty.` });
  }
  for (
    const args of [
      "--api http://h/api",
      "--supabase http://h",
      "--api h --token t",
      "--file x.wav",
      "--nonsense",
      "stray",
    ]
  ) assert.throws(() => parseOptions(args.split(" ")), Error, args);
});

/** Finds a target where a stack of qwen runs, or none, and gives what was done. */
async function target(named: { api?: string }, options: { running: boolean; wantedProvider?: string }) {
  const seen: string[] = [];
  const stack = (name: string): StackUrls => ({ api_url: name, supabase_url: "s", publishable_key: "k" });
  await withSmokeTarget({
    named,
    wantedProvider: options.wantedProvider,
    findStack: () => Promise.resolve(options.running ? stack("running") : null),
    async withOwnStack(use) {
      seen.push("start");
      await use(stack("own"));
      seen.push("stop");
    },
    providerOf: () => Promise.resolve("qwen"),
    print() {},
  }, ({ api }) => Promise.resolve(void seen.push(api)));
  return seen;
}

Deno.test("the target is the one asked for, else the running stack, else one's own, which is stopped", async () => {
  assert.deepEqual(await target({ api: "http://h/api" }, { running: true }), ["http://h/api"]);
  assert.deepEqual(await target({}, { running: true }), ["running"]);
  assert.deepEqual(await target({}, { running: true, wantedProvider: "qwen" }), ["running"]);
  assert.deepEqual(await target({}, { running: true, wantedProvider: "modal" }), ["start", "own", "stop"]);
  assert.deepEqual(await target({}, { running: false }), ["start", "own", "stop"]);
});

Deno.test("what was spoken is saved where it was asked for, and else in .local, named from the caller's folder", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = createAudioFile("evening.wav", folder);
    await file.save(new Uint8Array([1, 2, 3]));
    assert.equal(file.name, "evening.wav");
    assert.deepEqual(await Deno.readFile(join(folder, "evening.wav")), new Uint8Array([1, 2, 3]));
    await assert.rejects(createAudioFile("missing/evening.wav", folder).save(new Uint8Array()), {
      message: `${join("missing", "evening.wav")} cannot be written. Name another file with --out.`,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  const ownFile = join(".local", "smoke.wav");
  assert.equal(createAudioFile(undefined, repository).name, ownFile);
  assert.equal(createAudioFile(undefined, join(repository, "docs")).name, join(repository, ownFile));
});
