import assert from "node:assert/strict";
import { findLeaks, secretsOfLog } from "./secret_scan.ts";

const key = "a.key+with(signs";
const transcript = "A sentence (with signs) that somebody said?";
const secrets = secretsOfLog({ keys: [key], transcripts: [transcript] });

Deno.test("every kind of secret is found, with its line and without its value", () => {
  const lines = [
    "nothing here",
    "key sb_secret_abcdef",
    "key sk-0123456789abcdef",
    "said eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
    "authorization: Bearer abc",
    "http://127.0.0.1/storage/v1/object/sign/references/a?token=abc",
    '"audio":"data:audio/wav;base64,UklGRg=="',
    `key ${key}`,
    `{"transcript":"${transcript}"}`,
  ];
  assert.deepEqual(findLeaks(lines.join("\n"), secrets), [
    { name: "a Supabase secret key", line: 2 },
    { name: "a provider key", line: 3 },
    { name: "a JSON Web Token", line: 4 },
    { name: "a bearer header", line: 5 },
    { name: "the token of a signed URL", line: 6 },
    { name: "a data URL", line: 7 },
    { name: "a key of the project", line: 8 },
    { name: "a transcript", line: 9 },
  ]);
});

Deno.test("what a run prints otherwise is no leak", () => {
  const lines = [
    "a task-oriented test about a bearer token, sb_publishable_abc and token rules ... ok (3ms)",
    '{"time":"2026-11-22T12:00:00.000Z","level":"error","event":"request.failed","cause":"[redacted]"}',
    "http://127.0.0.1:54321/functions/v1/api",
  ];
  assert.deepEqual(findLeaks(lines.join("\n"), secrets), []);
});
