import { z } from "zod";

const stackRecord = z.object({
  supabase_url: z.url(),
  publishable_key: z.string(),
  secret_key: z.string(),
  database_url: z.string(),
});

/** The Supabase project that the tests run against, as `npm run test:edge` names it in `TEST_STACK`. */
export const stack = (() => {
  const text = Deno.env.get("TEST_STACK");
  if (!text) throw new Error("TEST_STACK is not set: run the tests with npm run test:edge");
  return stackRecord.parse(JSON.parse(text));
})();
