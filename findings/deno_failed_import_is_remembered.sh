#!/usr/bin/env bash
# One would expect: a dynamic import() whose file could not be fetched may be tried again. The HTML standard's module map
# keeps no failed fetch, and Node finds a file that came later under the same specifier.
# What happens: Deno 2.1 and 2.2 try again, as Node does. Deno 2.3.7, 2.5.6, 2.7.14 and 2.9.6 keep the failure for the life of
# the process: the second import() of the same specifier rejects with the same error and sends no request, after an
# answer of 500 and after a refused connection alike. With another query it works.
# Versions run here: deno 2.9.6 and 2.1.4 of npm, and the node of this machine.
# Why it matters here: the function loads its routes lazily and tries again after a load that failed (_shared/once.ts).
# On the Deno that tests run on (2.9.6) that helps after every failure but this one; on 2.1.4 it helps after this one too.
# Exits 0 while it is so, 1 when it changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat > deno.ts <<'TS'
let isUp = false;
let asked = 0;
const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => {
  asked++;
  return isUp
    ? new Response("export const value = 1;", { headers: { "Content-Type": "application/typescript" } })
    : new Response("not yet", { status: 500 });
});
const url = `http://127.0.0.1:${server.addr.port}/module.ts`;
const attempt = (specifier: string) => import(specifier).then(() => "loaded", () => "failed");
const first = await attempt(url);
isUp = true;
const before = asked;
const second = await attempt(url);
console.log(`${first}, ${second} with ${asked - before} requests, ${await attempt(`${url}?again`)} with another query`);
await server.shutdown();
TS
cat > node.mjs <<'JS'
import { writeFileSync } from "node:fs";
const attempt = () => import("./late.mjs").then(() => "loaded", () => "failed");
const first = await attempt();
writeFileSync("late.mjs", "export const value = 1;");
console.log(`${first}, ${await attempt()}`);
JS

status=0
expect() {
  echo "$1: expected 'failed, loaded', seen '$2'"
  [[ "$2" == "$3"* ]] || { echo "  that has changed: it was '$3'"; status=1; }
}
deno_says() {
  npm install --silent --no-audit --no-fund --prefix "$1" "deno@$1" >/dev/null
  DENO_NO_UPDATE_CHECK=1 NO_COLOR=1 "$1/node_modules/.bin/deno" run -A --no-config deno.ts 2>/dev/null
}
expect "node $(node --version)" "$(node node.mjs)" "failed, loaded"
expect "deno 2.1.4" "$(deno_says 2.1.4)" "failed, loaded with 1 requests"
expect "deno 2.9.6" "$(deno_says 2.9.6)" "failed, failed with 0 requests, loaded with another query"
exit "$status"
