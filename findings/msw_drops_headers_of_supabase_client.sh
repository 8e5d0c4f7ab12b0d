#!/usr/bin/env bash
# Expected: a `fetch` that is handed to supabase-js copies the headers it is given, `new Headers(init.headers)`, and the
#   copy has all of them, whether or not msw listens.
# Seen: for a client that was made before `server.listen()`, the copy holds `apikey` and `authorization` alone.
#   `content-type` and `x-client-info` are gone, so JSON goes out as text/plain. supabase-js keeps the `Headers` of the
#   moment the client was made, and sets two headers on an instance of it. msw replaces the constructor and patches `set`
#   meanwhile, and its constructor copies what was set since in the place of what the instance holds.
# Versions: @supabase/supabase-js 2.119.1; msw 2.15.0 with @mswjs/interceptors 0.41.9; Node 20 and Deno 2.1.4.
# Why it matters here: the function wraps `fetch` to add a header to a second try. Storage refused it in tests only, as a
#   request without `expiresIn`. The wrapper of _shared/repeatable.ts makes a plain object of headers of its own.
# Exits 0 while it is as seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund --ignore-scripts \
  @supabase/supabase-js@2.119.1 msw@2.15.0 @mswjs/interceptors@0.41.9 > /dev/null
cat > seen.mjs <<'JS'
import { createClient } from "@supabase/supabase-js";
import { setupServer } from "msw/node";

const copies = [];
const client = createClient("http://project.example", "key", {
  auth: { persistSession: false, autoRefreshToken: false },
  global: {
    async fetch(_input, init) {
      copies.push([...new Headers(init.headers).keys()].sort());
      return Response.json({ signedURL: "/object/sign/bucket/key?token=t" });
    },
  },
  realtime: { transport: class {} },
});
const sign = () => client.storage.from("bucket").createSignedUrl("key", 60);

await sign();
const server = setupServer();
server.listen();
await sign();
server.close();

const [without, listening] = copies;
console.log("expected, and seen without msw:", without.join(", "));
console.log("seen while msw listens:        ", listening.join(", "));
const wasSeen = without.includes("content-type") && listening.join() === "apikey,authorization";
process.exit(wasSeen ? 0 : 1);
JS
echo "node $(node --version), supabase-js 2.119.1, msw 2.15.0"
node seen.mjs
