#!/usr/bin/env bash
# msw 3 in Deno.
#
# One would expect: `setupServer(...).listen()` of `msw/node` answers a stubbed `fetch`, in Deno as in Node; msw 2 does in both.
# What happens: under Deno, msw 3 lets the request out on the network. Nothing is thrown and nothing is told, so a test that
#   believes in its stub asks the real host.
# Why it matters here: msw stands in for the provider in the edge tests. It stays on its newest 2.x.
# Versions: msw 2.15.0 and 3.0.5, deno 2.9.6, from npm; Node 22 or later, which msw 3 asks for.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts \
  deno@2.9.6 "node-$(node -p 'process.platform + "-" + process.arch')@22" two@npm:msw@2.15.0 three@npm:msw@3.0.5 >/dev/null 2>&1

# The host that is stubbed is a server of our own, which says so when it is really asked.
for version in two three; do
  cat >"$version.mjs" <<JS
import { createServer } from "node:http";
import process from "node:process";
import { http } from "$version";
import { setupServer } from "$version/node";
const real = createServer((_, answer) => answer.end("the real host"));
await new Promise((resolve) => real.listen(0, "127.0.0.1", resolve));
const url = \`http://127.0.0.1:\${real.address().port}/\`;
const server = setupServer(http.get(url, () => new Response("the stub")));
server.listen();
console.log(await (await fetch(url)).text());
server.close();
process.exit(0);
JS
done

deno=$(node -p '
  const { dirname, join } = require("node:path");
  const libc = process.platform === "linux" ? "-glibc" : "";
  join(dirname(require.resolve(`@deno/${process.platform}-${process.arch}${libc}/package.json`)), "deno")')
node22=$(echo "$folder"/node_modules/node-*-*/bin/node)

two=$("$deno" run -A --no-config --node-modules-dir=manual two.mjs)
three=$("$deno" run -A --no-config --node-modules-dir=manual three.mjs)
inNode=$("$node22" three.mjs)
printf 'expected               the stub\n'
printf 'msw 2.15.0, Deno 2.9.6 %s\nmsw 3.0.5, Deno 2.9.6  %s\nmsw 3.0.5, Node 22     %s\n' "$two" "$three" "$inNode"
test "$two" = "the stub" && test "$inNode" = "the stub" && test "$three" = "the real host" ||
  { echo "This has changed."; exit 1; }
echo "As seen on 2026-11-28."
