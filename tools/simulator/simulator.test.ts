import assert from "node:assert/strict";
import { customizationPath } from "./customization_endpoint.ts";
import { startSimulator } from "./simulator.ts";
import { createInput, createTestClient, dataUrl, testOptions, voiceOf, wav } from "./test_client.ts";

async function started(options: { stateFile?: string; hostname?: string; port?: number } = {}) {
  const simulator = await startSimulator({ ...testOptions, ...options });
  return {
    simulator,
    client: createTestClient(simulator),
    [Symbol.asyncDispose]: () => simulator.stop(),
  };
}

const connectionError = { name: "TypeError" };

Deno.test("it listens on 127.0.0.1 and a free port by default", async () => {
  await using one = await started();
  await using two = await started();
  assert.match(one.simulator.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.notEqual(one.simulator.url, two.simulator.url);
  assert.equal((await one.client.create()).status, 200);
  assert.equal(one.simulator.voices().length, 1);
  assert.equal(two.simulator.voices().length, 0);
});

Deno.test("a large data URL passes through the socket", async () => {
  await using one = await started();
  const data = dataUrl("audio/wav", wav({ seconds: 60 }));
  assert.equal((await one.client.create({ audio: { data } })).status, 200);
  assert.equal(one.simulator.voices()[0]?.audio?.bytes, 2_880_044);
});

const elsewhere = ["0.0.0.0", "::", "192.168.0.1", "", "example.com", "localhost.example.com"];
for (const hostname of [...elsewhere, "127.0.0.1.example.com"]) {
  Deno.test(`it refuses to listen on "${hostname}"`, async () => {
    await assert.rejects(startSimulator({ ...testOptions, hostname }), {
      message: `The DashScope simulator listens on loopback only, not on "${hostname}".`,
    });
  });
}

Deno.test("it listens on any loopback host", async () => {
  for (const hostname of ["localhost", "127.0.0.2"]) {
    await using one = await started({ hostname });
    assert.equal((await one.client.list()).status, 200, hostname);
  }
});

Deno.test("a port that is taken is refused", async () => {
  await using one = await started();
  const port = Number(new URL(one.simulator.url).port);
  await assert.rejects(startSimulator({ ...testOptions, port }), /address already in use/i);
});

Deno.test("stop frees the port", async () => {
  const { simulator, client } = await started();
  assert.equal((await client.list()).status, 200);
  await simulator.stop();
  await assert.rejects(client.list(), connectionError);
  await using again = await started({ port: Number(new URL(simulator.url).port) });
  assert.equal((await again.client.list()).status, 200);
});

for (const when of ["before", "after"] as const) {
  const broken = [
    ["cut", "cut", "a connection cut"],
    ["unfinished", { status: 200 }, "an answer broken off in its body"],
  ] as const;
  for (const [kind, outcome, what] of broken) {
    Deno.test(`${what} ${when} the voice is made reaches the client as a connection error`, async () => {
      await using one = await started();
      await one.client.control("POST", "/faults", { action: "create", answer: { kind, when } });
      await assert.rejects(one.client.create(), connectionError);
      assert.equal(one.simulator.voices().length, when === "after" ? 1 : 0);
      assert.deepEqual(one.simulator.calls().map((call) => call.outcome), [outcome]);
      assert.equal((await one.client.create()).status, 200);
    });
  }
}

Deno.test("a client that goes away does not stop its call", async () => {
  await using one = await started();
  one.simulator.addFaults({ action: "create", hold: "before" });
  const client = new AbortController();
  const pending = fetch(one.simulator.url + customizationPath, {
    method: "POST",
    headers: { "authorization": `Bearer ${testOptions.apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "qwen-voice-enrollment", input: createInput() }),
    signal: client.signal,
  });
  assert.equal(await one.simulator.waitForHeld(1, 10_000), true);
  client.abort();
  await assert.rejects(pending, { name: "AbortError" });
  assert.equal(one.simulator.release(), 1);
  for (let turn = 0; turn < 10_000 && one.simulator.voices().length === 0; turn++) await one.client.list();
  assert.equal(one.simulator.voices().length, 1);
});

Deno.test("stop cuts a held call, which then never takes effect", async () => {
  const { simulator, client } = await started();
  simulator.addFaults({ action: "create", hold: "before" });
  const pending = assert.rejects(client.create(), connectionError);
  assert.equal(await simulator.waitForHeld(1, 10_000), true);
  await simulator.stop();
  await pending;
  assert.deepEqual(simulator.voices(), []);
});

Deno.test("voices and bill are there again after a restart", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const stateFile = `${folder}/sub folder/simulator.json`;
    const first = await started({ stateFile });
    const kept = voiceOf(await first.client.create());
    const deleted = voiceOf(await first.client.create({ preferred_name: "gone" }));
    await first.client.delete(deleted);
    await first.client.synthesize(kept);
    const before = first.simulator.voices();
    await first.simulator.stop();

    await using second = await started({ stateFile });
    assert.deepEqual(second.simulator.voices(), before);
    assert.deepEqual(before.map(({ voice }) => voice), [kept]);
    assert.deepEqual(second.simulator.bill(), {
      total: 2,
      byPreferredName: { Ada_0123456789: 1, gone: 1 },
      syntheses: 1,
      characters: 13,
      byVoice: { [kept]: { syntheses: 1, characters: 13 } },
    });
    if (Deno.build.os !== "windows") assert.equal((await Deno.stat(stateFile)).mode, 0o100600);
    const files = [...Deno.readDirSync(`${folder}/sub folder`)].map(({ name }) => name);
    assert.deepEqual(files, ["simulator.json"]);
    assert.doesNotMatch(await Deno.readTextFile(stateFile), /Hello, and thank you|sk-simulated/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a state file from before voices could speak is read; one that does not parse is named and left alone", async () => {
  const stateFile = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(stateFile, '{"voices":[],"creations":{"ada":1}}');
    const { simulator } = await started({ stateFile });
    const { total, syntheses } = simulator.bill();
    await simulator.stop();
    assert.deepEqual({ total, syntheses }, { total: 1, syntheses: 0 });
    await Deno.writeTextFile(stateFile, '{"voices":');
    await assert.rejects(startSimulator({ ...testOptions, stateFile }), {
      message: `The simulator cannot read its state in ${stateFile}. Remove the file to start over.`,
    });
    assert.equal(await Deno.readTextFile(stateFile), '{"voices":');
  } finally {
    await Deno.remove(stateFile);
  }
});
