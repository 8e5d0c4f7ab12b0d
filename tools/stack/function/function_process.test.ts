import assert from "node:assert/strict";
import { join } from "node:path";
import { createFunctionProxy } from "./function_proxy.ts";
import { startFunctionProcess } from "./function_process.ts";
import { eventually } from "../../testkit/stack/launched_stack.ts";

const standIn = (version: number) => `
Deno.serve(async () => Response.json({
  version: ${version},
  variable: Deno.env.get("A_VARIABLE") ?? null,
  file: await Deno.readTextFile("/etc/hosts").then(() => "read", (error) => error.name),
  program: await Promise.try(() => new Deno.Command("true").output()).then(() => "run", (error) => error.name),
}));
`;

async function withFunction(
  test: (
    ask: () => Promise<unknown>,
    write: (path: string, text: string) => Promise<void>,
    log: string[],
  ) => Promise<void>,
): Promise<void> {
  const root = await Deno.makeTempDir();
  await Deno.mkdir(join(root, "supabase", "functions", "tests"), { recursive: true });
  await Deno.writeTextFile(join(root, "deno.json"), "{}");
  const write = (path: string, text: string) =>
    Deno.writeTextFile(join(root, "supabase", "functions", path), text);
  await write("index.ts", standIn(1));
  const log: string[] = [];
  const edge = startFunctionProcess({
    root,
    entrypoint: join(root, "supabase", "functions", "index.ts"),
    environment: { PATH: Deno.env.get("PATH") ?? "", A_VARIABLE: "seen" },
    log: (line) => log.push(line),
  });
  const proxy = createFunctionProxy({ port: edge.port, patienceMs: 20_000 });
  try {
    await test(async () => await (await proxy(new Request("http://gateway/api/x"))).json(), write, log);
  } finally {
    await edge.stop();
    await Deno.remove(root, { recursive: true });
  }
}

const answer = (version: number) => ({
  version,
  variable: "seen",
  file: "NotCapable",
  program: "NotCapable",
});

Deno.test("the function has network and its variables, and neither files nor programs", async () => {
  await withFunction(async (ask) => assert.deepEqual(await ask(), answer(1)));
});

Deno.test("the function starts again when its files change, also after it was broken", async () => {
  await withFunction(async (ask, write, log) => {
    const becomes = (version: number) => eventually(async () => Object(await ask()).version === version);
    await ask();
    await write("index.ts", standIn(2));
    assert.ok(await becomes(2));
    await write("index.ts", "this is no TypeScript");
    assert.ok(await eventually(() => Promise.resolve(log.some((line) => line.includes("index.ts:1")))));
    await write("index.ts", standIn(3));
    assert.ok(await becomes(3));
  });
});

Deno.test("its log lines are passed on, and the address it listens on itself is not", async () => {
  await withFunction(async (ask, write, log) => {
    await write("index.ts", `console.log("a line"); console.error("another"); ${standIn(2)}`);
    assert.ok(await eventually(async () => Object(await ask()).version === 2));
    assert.ok(await eventually(() => Promise.resolve(log.includes("a line") && log.includes("another"))));
    assert.deepEqual(log.filter((line) => line.includes("Listening")), []);
  });
});
