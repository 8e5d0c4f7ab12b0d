#!/usr/bin/env bash
# Expected: a closure may use a `using` declaration that stands after it in the same block, once that has been reached, as it
# may use a `const`. V8 does so natively, in newer Denos.
# Seen: Deno 2.1.4 compiles `using` and `await using` away. The declaration goes into a `try` block and the closure stays
# outside of it, so that the closure throws "ReferenceError: x is not defined". The type checker finds nothing wrong.
# Versions: deno 2.1.4 (wrong), deno 2.9.6 (right), of npm.
# Why it matters here: 2.1.4 is the Deno of Supabase's edge runtime. Code that passes on a newer Deno may throw there.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent old@npm:deno@2.1.4 new@npm:deno@2.9.6

cat >after.ts <<'TS'
function later(): string {
  const read = () => resource.name;
  using resource = { name: "there", [Symbol.dispose]() {} };
  return read();
}
try {
  console.log(later());
} catch (error) {
  console.log(String(error));
}
TS

seen() { node "node_modules/$1/bin.cjs" run --quiet --check after.ts; }
old=$(seen old)
new=$(seen new)
printf '%-12s expected: there   seen: %s\n' "deno 2.1.4" "$old" "deno 2.9.6" "$new"
[[ $old == "ReferenceError: resource is not defined" && $new == there ]]
