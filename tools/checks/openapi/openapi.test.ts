// docs/openapi.json and the generated parts of docs/api.md: up to date, well-formed, and complete.
import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import { createApp } from "../../../supabase/functions/api/app.ts";
import { createFront } from "../../../supabase/functions/api/front.ts";
import { createServices } from "../../../supabase/functions/api/services.ts";
import { loadConfig } from "../../../supabase/functions/_shared/config.ts";
import { ERROR_CODES } from "../../../supabase/functions/_shared/contract/error_codes.ts";
import { createLog } from "../../../supabase/functions/_shared/log.ts";
import { apiDocPath } from "./api_doc.ts";
import { unseenAnswers } from "./coverage.ts";
import { openApiPath } from "./document.ts";
import { generateDocuments, loadContracts } from "./generate_documents.ts";
import { jsonObject } from "./json_object.ts";
import { repository } from "../../stack/repository.ts";

const committed = await Deno.readTextFile(join(repository, openApiPath));

const response = z.object({
  content: z.object({
    "application/json": z.object({
      schema: z.object({
        allOf: z.tuple([
          z.object({ $ref: z.literal("#/components/schemas/Error") }),
          z.object({ properties: z.object({ code: z.object({ enum: z.array(z.string()) }) }) }),
        ]).rest(z.unknown()).optional(),
      }),
    }),
  }).optional(),
});
const answers = z.record(z.string(), z.union([z.strictObject({ $ref: z.string() }), response]));
const document = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.object({ responses: answers }))),
  "x-other-answers": answers,
  components: z.object({ responses: z.record(z.string(), response) }),
}).parse(JSON.parse(committed));

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { responses }]) => ({
    name: `${method.toUpperCase()} ${path}`,
    responses,
  }))
);

/** The error codes of answers, as `429 rate_limited`. */
function codesOf(responses: z.output<typeof answers>): string[] {
  return Object.entries(responses).flatMap(([status, answer]) => {
    const shared = "$ref" in answer ? answer.$ref.replace("#/components/responses/", "") : undefined;
    const resolved = "$ref" in answer ? document.components.responses[shared ?? ""] : answer;
    assert(resolved, shared);
    const [, narrowed] = resolved.content?.["application/json"].schema.allOf ?? [];
    return (narrowed?.properties.code.enum ?? []).map((code) => `${status} ${code}`);
  });
}

Deno.test("the committed documents are those of the contracts", async () => {
  const fresh = await generateDocuments();
  assert.deepEqual(Object.keys(fresh), [openApiPath, apiDocPath]);
  for (const [path, text] of Object.entries(fresh)) {
    const isFresh = await Deno.readTextFile(join(repository, path)) === text;
    assert(isFresh, `${path} is stale: run npm run gen:openapi`);
  }
});

Deno.test("a contract builds no schema before it is asked for one: a cold request needs only its own", async () => {
  const contracts = await loadContracts();
  const built = (value: unknown): boolean =>
    typeof value === "object" && value !== null &&
    (value instanceof z.ZodType || Object.values(value).some(built));
  assert(contracts.length > 10);
  assert.deepEqual(contracts.filter(built).map(({ operationId }) => operationId), []);
});

Deno.test("redocly finds nothing wrong with it", async () => {
  const redocly = join("node_modules", "@redocly", "cli", "bin", "cli.js");
  const rules = join("tools", "checks", "openapi", "redocly.yaml");
  const { code, stdout, stderr } = await new Deno.Command("node", {
    args: [redocly, "lint", openApiPath, "--config", rules, "--format", "stylish"],
    cwd: repository,
    env: { REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true", NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const printed = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.equal(code, 0, printed);
  assert.match(printed, /Your API description is valid/);
});

Deno.test("it describes every route that is mounted, and no other", async () => {
  const config = await loadConfig({
    SUPABASE_URL: "http://127.0.0.1:9",
    SUPABASE_SECRET_KEYS: '{"default":"secret"}',
    SUPABASE_PUBLISHABLE_KEYS: '{"default":"publishable"}',
    TTS_PROVIDER_MODE: "modal",
  });
  const app = createApp({ ...await createServices(config), keepAlive: () => {} });
  const front = createFront({
    allowedOrigins: ["*"],
    log: createLog({ write: () => {}, now: () => new Date() }),
    loadRoutes: () => Promise.resolve(app),
  });
  const mounted = [...front.routes, ...app.routes].filter(({ method }) => method !== "ALL")
    .map(({ method, path }) =>
      `${method} ${path.replace(/^\/api/, "").replace(/\/$/, "").replace(/:(\w+)/g, "{$1}")}`
    );
  assert(mounted.length > 10);
  assert.deepEqual(operations.map(({ name }) => name).sort(), [...new Set(mounted)].sort());
});

Deno.test("the error codes of its operations are those of error_codes.ts, each with its status", () => {
  const described = new Set(
    [...operations.map(({ responses }) => responses), document["x-other-answers"]].flatMap(codesOf),
  );
  assert.deepEqual(
    [...described].sort(),
    Object.entries(ERROR_CODES).map(([code, { status }]) => `${status} ${code}`).sort(),
  );
  // A method that a path does not have is no operation.
  const byOperations = new Set(operations.flatMap(({ responses }) => codesOf(responses)));
  assert.deepEqual([...described].filter((code) => !byOperations.has(code)), ["405 method_not_allowed"]);
});

Deno.test("to a run that has seen nothing, every answer is missing, and errors code by code", () => {
  const { missing, outOfReach } = unseenAnswers(jsonObject.parse(JSON.parse(committed)), []);
  const described = operations.flatMap(({ name, responses }) => [
    ...Object.keys(responses).filter((status) => Number(status) < 400).map((status) => `${name} ${status}`),
    ...codesOf(responses).map((code) => `${name} ${code}`),
  ]);
  described.push(...codesOf(document["x-other-answers"]).map((code) => `another address ${code}`));
  assert(described.length > 100, `${described.length} are described`);
  assert.deepEqual([...missing, ...outOfReach.map(({ answer }) => answer)].sort(), described.sort());
  assert.equal(outOfReach.length, 3, "all out-of-reach answers are described");
});
