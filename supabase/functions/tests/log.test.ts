import assert from "node:assert/strict";
import { createLog, type LogFields } from "../_shared/log.ts";
import { providerError, withDashScope } from "../../../tools/testkit/harness/dashscope.ts";
import { readyToFinalize } from "../../../tools/testkit/harness/finalizing.ts";
import { stack } from "../../../tools/testkit/harness/project.ts";

const JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
const SIGNED_URL = `https://project.supabase.co/storage/v1/object/sign/references/a/b.wav?token=${JWT}`;
const REDACTED = "[redacted]";

function linesOf(fields: LogFields): string[] {
  const lines: string[] = [];
  createLog({ write: (_level, line) => lines.push(line), now: () => new Date(0) })
    .event("info", "something.happened", fields);
  return lines;
}

function written(fields: LogFields): Record<string, unknown> {
  const [line = "", ...more] = linesOf(fields);
  assert.deepEqual(more, []);
  const { time: _time, level: _level, event: _event, ...rest } = JSON.parse(line);
  return rest;
}

Deno.test("an event is one line of JSON with its time, level and name, and the fields of its log", () => {
  const time = "1970-01-01T00:00:00.000Z";
  const lines: [string, string][] = [];
  const log = createLog({ write: (level, line) => lines.push([level, line]), now: () => new Date(0) });
  const bound = log.with({ request_id: "one" }).with({ voice_id: "two" });
  bound.event("warn", "voice.odd", { text_length: 3, note: "line\nbreak\u2028end", voice_id: "three" });
  log.event("error", "plain");
  assert.deepEqual(lines.map(([level, line]) => [level, JSON.parse(line)]), [
    ["warn", {
      ...{ time, level: "warn", event: "voice.odd", request_id: "one", voice_id: "three", text_length: 3 },
      note: "line\nbreak\u2028end",
    }],
    ["error", { time, level: "error", event: "plain" }],
  ]);
  for (const [, line] of lines) assert(!line.includes("\n"));
});

Deno.test("what gives itself away as secret is taken out wherever it stands in a text", () => {
  const secrets = [
    ...["sb_secret_abc-DEF_123", "sb_publishable_abcdef", "sk-0123456789abcdef", "sk-ws-H.abcdef"],
    ...[JWT, JWT.split(".").slice(0, 2).join("."), `Bearer ${JWT}`, "bearer opaque-token", SIGNED_URL],
    ...["data:audio/wav;base64,UklGRiQAAABXQVZF", "data:audio/mp4;base64,AAAA+/=="],
    "/storage/v1/object/sign/references/a/b.wav?token=opaque",
    "http://127.0.0.1:54321/storage/v1/object/upload/sign/references/a/b.wav?token=opaque",
    "postgresql://postgres:password@127.0.0.1:5432/postgres",
    "https://user:password@example.com/path",
  ];
  for (const secret of secrets) {
    const telling = secret.replace(/^(Bearer |data:|https?:\/\/|postgresql:\/\/|\/storage.*=)/i, "");
    const texts = [secret, `before ${secret} after`, `"${secret}"`, `{"x":"${secret}"}`, `(${secret})`];
    for (const text of texts) {
      for (const value of [text, [text], { deep: { deeper: [text] } }, new Error(text)]) {
        const line = linesOf({ value }).join();
        assert(!line.includes(telling), `${text} gave ${line}`);
        assert(line.includes(REDACTED));
      }
    }
  }
});

Deno.test("fields that hold secrets are never written, whatever they hold", () => {
  const names = `
    authorization Authorization apikey apiKey DASHSCOPE_API_KEY secretKey client_secret password cookie set-cookie jwt
    token access_token transcript reference_transcript signedUrl signedURL upload_url url audio text
  `.trim().split(/\s+/);
  for (const name of names) {
    for (const value of ["Hello there", { data: "Hello there" }, ["Hello there"], 7]) {
      assert.deepEqual(written({ [name]: value }), { [name]: REDACTED });
      const inside = (held: unknown) => ({ body: { input: { [name]: held } } });
      assert.deepEqual(written(inside(value)), inside(REDACTED));
    }
  }
});

Deno.test("what is no secret stays readable", () => {
  const fields = {
    request_id: "f0e1d2c3",
    voice_id: "00000000-0000-4000-8000-000000000000",
    provider_voice_id: "qwen-tts-vc-grace_ab12-voice-20261122120000000-1a2b",
    status: 503,
    code: "database_unavailable",
    recovered: true,
    missing: null,
    address: "https://dashscope-intl.aliyuncs.com/api/v1/services",
    note: "a task-oriented desk-bound risk-free word",
    usage: { count: 1 },
  };
  assert.deepEqual(written(fields), fields);
});

Deno.test("an error is written as its name, message and causes, without its stack", () => {
  const cause = new TypeError(`fetch failed for ${SIGNED_URL}`, { cause: { apikey: "x", status: 500 } });
  const error = new Error("outer", { cause });
  const inner = { name: "TypeError", message: `fetch failed for ${REDACTED}` };
  assert.deepEqual(written({ error }), {
    error: { name: "Error", message: "outer", cause: { ...inner, cause: { apikey: REDACTED, status: 500 } } },
  });
  assert(!linesOf({ error }).join().includes("log.test.ts"));
});

Deno.test("bytes are never written", () => {
  const bytes = new Uint8Array([82, 73, 70, 70]);
  const view = new DataView(bytes.buffer);
  const kept = written({ bytes, buffer: bytes.buffer, view, deep: [bytes], call: () => "x" });
  const redacted = { bytes: REDACTED, buffer: REDACTED, view: REDACTED, deep: [REDACTED], call: REDACTED };
  assert.deepEqual(kept, redacted);
});

Deno.test("nothing that is logged makes the log fail, and no line grows without bound", () => {
  const circle: Record<string, unknown> = { name: "circle" };
  circle.self = circle;
  const error = new Error("round");
  error.cause = error;
  const nested = Array.from({ length: 50 }).reduce<unknown>((inner) => ({ inner }), "deep");
  const odd = [
    ...[circle, error, nested, 1n, Symbol("x"), undefined, NaN, Infinity, new Date(NaN), new Map([[1, 2]])],
    Object.create(null),
  ];
  for (const value of odd) assert.equal(linesOf({ value }).length, 1);

  const endless = "x".repeat(1_000_000);
  const long = written({ long: endless, many: Array(1_000_000).fill("x"), error: new Error(endless) });
  assert(JSON.stringify(long).length < 10_000);
});

Deno.test("a secret that a long text is cut in the middle of is not written either", () => {
  const cases = [
    [JWT, "eyJhbGciOi"],
    ["sk-0123456789abcdef", "sk-01234"],
    ["sb_secret_abcdefgh", "sb_secret_a"],
    [SIGNED_URL, "?token"],
  ] as const;
  for (const [secret, telling] of cases) {
    for (let kept = telling.length; kept <= secret.length; kept++) {
      const text = `${"x".repeat(1999 - kept)} ${secret}${"y".repeat(100)}`;
      assert(!linesOf({ text_of_error: text, cause: new Error(text) }).join().includes(telling));
    }
  }
});

Deno.test("a finalize that fails everywhere logs no key, token, signed URL, transcript or word of the provider", async () => {
  await using ready = await readyToFinalize();
  const { api, token, body } = ready;
  const echoed = `${body.transcript} ${token} ${stack.secret_key}`;
  await withDashScope([providerError(401, "InvalidApiKey", echoed)], async (calls) => {
    assert.equal((await ready.finalize()).status, 502);
    const { search, searchParams } = new URL(calls[0]?.body.input.audio?.data ?? "");
    const said = api.logged.join("\n");
    assert(api.logged.length > 0);
    const secrets = [token, stack.secret_key, body.transcript, search, searchParams.get("token") ?? "none"];
    for (const secret of secrets) {
      assert(!said.includes(secret), "a secret is logged");
    }
  });
});
