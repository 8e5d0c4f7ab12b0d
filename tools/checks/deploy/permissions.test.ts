import assert from "node:assert/strict";
import { askedBeyondLoopback } from "./permissions.ts";

const logOf = (...asked: [permission: string, value: string | null][]) =>
  asked.map(([permission, value]) => `${JSON.stringify({ v: 1, permission, value })}\n`).join("");

Deno.test("the environment, and to listen and to ask on loopback, is what a function may do", () => {
  const log = logOf(["env", null], ["net", "127.0.0.1:8000"], ["net", "http://127.0.0.1:9/x?token=t"]);
  assert.deepEqual(askedBeyondLoopback(log), []);
});

Deno.test("a file, a program and another host are told, once, and no path of a URL", () => {
  const log = logOf(
    ["net", "https://example.com/x?token=t"],
    ["net", "https://example.com/y"],
    ["net", "127.0.0.1.example.com:443"],
    ["net", null],
    ["read", "/etc/passwd"],
    ["run", null],
  );
  assert.deepEqual(askedBeyondLoopback(log), [
    "net 127.0.0.1.example.com",
    "net any host",
    "net example.com",
    "read /etc/passwd",
    "run of any kind",
  ]);
});
