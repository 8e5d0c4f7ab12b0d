import assert from "node:assert/strict";
import { join } from "node:path";
import { databaseTypesPath, generateDatabaseTypes } from "./database_types.ts";
import { withTemporaryStack } from "../stack/temporary_stack.ts";
import { repository } from "../stack/repository.ts";

Deno.test("the committed database types are those of the migrations", async () => {
  const types = await withTemporaryStack(repository, (stack) => generateDatabaseTypes(stack.database_url));
  assert.match(types, /clone_claim/);
  const committed = await Deno.readTextFile(join(repository, databaseTypesPath));
  assert.equal(committed, types, "database.types.ts is stale: run npm run gen:types");
});
