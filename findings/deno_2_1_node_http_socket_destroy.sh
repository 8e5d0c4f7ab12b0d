#!/usr/bin/env bash
# Expected: in a server of `node:http`, `request.socket.destroy()` breaks the client's connection, as in Node, and after
# `closeAllConnections()` the callback of `close()` is called.
# Seen: in Deno 2.1.4 the socket is a stand-in. `destroy()` does nothing, the client waits without end, and then `close()`
# never calls back.
# Versions: deno 2.1.4 (does not break off), deno 2.9.6 (breaks off), of npm.
# Why it matters here: a stand-in of a provider that must break connections, run on the Deno of Supabase's edge runtime,
# hangs a test in the place of failing a request.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent old@npm:deno@2.1.4 new@npm:deno@2.9.6

cat >cut.mjs <<'JS'
import { createServer } from "node:http";
const within = (promise) => Promise.race([promise, new Promise((done) => setTimeout(() => done("waits"), 3_000))]);
const server = createServer((request) => request.socket.destroy());
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const request = await within(fetch(`http://127.0.0.1:${server.address().port}`).then(() => "answered", () => "breaks"));
const closing = await within(new Promise((done) => {
  server.close(() => done("closes"));
  server.closeAllConnections();
}));
console.log(request, closing);
Deno.exit(0);
JS

seen() { node "node_modules/$1/bin.cjs" run --quiet --allow-net cut.mjs; }
old=$(seen old)
new=$(seen new)
printf '%-12s expected: breaks closes   seen: %s\n' "deno 2.1.4" "$old" "deno 2.9.6" "$new"
[[ $old == "waits waits" && $new == "breaks closes" ]]
