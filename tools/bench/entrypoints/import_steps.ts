// Run in a process of its own: imports what the function imports, one after another, and prints how long each took in
// milliseconds. What an earlier one brought along costs a later one nothing.

const STEPS: readonly [string, () => unknown][] = [
  ["hono", () => import("hono")],
  ["api/front.ts", () => import("../../../supabase/functions/api/front.ts")],
  ["the first setTimeout", () => clearTimeout(setTimeout(() => {}, 0))],
  ["the first CommonJS module", () => import("./empty.cjs")],
  ["_shared/supabase.ts: supabase-js", () => import("../../../supabase/functions/_shared/supabase.ts")],
  ["zod", () => import("zod")],
  [
    "_shared/contract/create_upload_url.ts",
    () => import("../../../supabase/functions/_shared/contract/create_upload_url.ts"),
  ],
  ["_shared/config_schema.ts", () => import("../../../supabase/functions/_shared/config_schema.ts")],
  ["api/services.ts", () => import("../../../supabase/functions/api/services.ts")],
  ["api/app.ts", () => import("../../../supabase/functions/api/app.ts")],
  ["tts/providers/qwen.ts", () => import("../../../supabase/functions/_shared/tts/providers/qwen.ts")],
];

const taken: [string, number][] = [];
for (const [what, step] of STEPS) {
  const started = performance.now();
  await step();
  taken.push([what, performance.now() - started]);
}
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(taken)));
