import assert from "node:assert/strict";
import { join } from "node:path";
import { databaseTypesPath, generateDatabaseTypes } from "../database_types.ts";
import { withTemporaryStack } from "../temporary_stack.ts";
import { root } from "./launch.ts";

Deno.test("the committed database types are those of the migrations", async () => {
  const types = await withTemporaryStack(
    root,
    (stack) => generateDatabaseTypes({ root, databaseUrl: stack.database_url }),
  );
  assert.match(types, /clone_claim/);
  const committed = await Deno.readTextFile(join(root, databaseTypesPath));
  assert.equal(committed, types, "database.types.ts is stale: run npm run gen:types");
});
