// The generated parts of docs/api.md: between `<!-- generated: NAME -->` and `<!-- end -->`.
import type { Contract } from "../../../supabase/functions/_shared/contract/route_contract.ts";
import { ALL_CODES, CODES } from "./answers.ts";
import { isObject, type JsonObject, type JsonValue } from "./json_object.ts";
import { jsonSchemaOf, LIMITS } from "./schemas.ts";

/** From the repository's folder. */
export const apiDocPath = "docs/api.md";

const BLOCK = /(<!-- generated: (\w+) -->)[\s\S]*?(<!-- end -->)/g;

const objectOr = (value: JsonValue | undefined): JsonObject => isObject(value) ? value : {};
const listOr = (value: JsonValue | undefined): JsonValue[] => Array.isArray(value) ? value : [];
const code = (value: JsonValue) => `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;

function table(headings: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [headings, headings.map(() => "---"), ...rows].map(line).join("\n");
}

const either = new Intl.ListFormat("en", { type: "disjunction" });
const FORMATS: Readonly<Record<string, string>> = { uuid: "UUID", uri: "URL", "date-time": "time" };

function typeOf(schema: JsonObject): string {
  const { type, format, minimum, maximum, default: fallback } = schema;
  if (schema.$ref !== undefined) return "object";
  if (schema.const !== undefined) return code(schema.const);
  if (Array.isArray(schema.enum)) return either.format(schema.enum.map(code));
  if (Array.isArray(schema.anyOf)) return either.format(schema.anyOf.map((one) => typeOf(objectOr(one))));
  if (type === "array") return `list of ${typeOf(objectOr(schema.items))}s`;
  const nullable = Array.isArray(type) && type.includes("null") ? " or null" : "";
  const named = typeof format === "string" ? FORMATS[format] ?? format : [type].flat()[0];
  const count = (bound: JsonValue | undefined) => Number(bound).toLocaleString("en");
  const range = maximum === undefined ? [] : [`${count(minimum)}–${count(maximum)}`];
  return [`${named}${nullable}`, ...range, ...(fallback === undefined ? [] : [`default ${code(fallback)}`])]
    .join(", ");
}

/** The fields of a schema and of what is in it, by path: `capabilities.max_text_chars`, `orphans[].voice_id`. */
function fieldsOf(schema: JsonObject, defs: JsonObject, at = ""): [path: string, field: JsonObject][] {
  if (typeof schema.$ref === "string") {
    return fieldsOf(objectOr(defs[schema.$ref.split("/").at(-1) ?? ""]), defs, at);
  }
  const dot = at === "" ? "" : `${at}.`;
  return [
    ...Object.entries(objectOr(schema.properties)).flatMap(([name, property]) => {
      const field = objectOr(property);
      const isOptional = !listOr(schema.required).includes(name);
      const own: [string, JsonObject] = [`${dot}${name}`, { ...field, isOptional }];
      return [own, ...fieldsOf(field, defs, `${dot}${name}`)];
    }),
    ...(isObject(schema.items) ? fieldsOf(schema.items, defs, `${at}[]`) : []),
    ...listOr(schema.anyOf).flatMap((one) => fieldsOf(objectOr(one), defs, at)),
  ];
}

function fieldTable(schema: JsonObject, heading: string): string {
  const rows = fieldsOf(schema, objectOr(schema.$defs)).map(([path, field]) => [
    `\`${path}\``,
    `${typeOf(field)}${field.isOptional === true && field.default === undefined ? ", optional" : ""}`,
    String(field.description ?? ""),
  ]);
  return table([heading, "type", ""], rows);
}

const bodySchemaOf = ({ body }: Contract) => body && jsonSchemaOf(body.schema(LIMITS), "input");
const querySchemaOf = ({ query }: Contract) => query && { ...jsonSchemaOf(query(), "output"), required: [] };
const answerSchemaOf = ({ answer }: Contract) =>
  "schema" in answer ? jsonSchemaOf(answer.schema(), "output") : null;

function reference(contract: Contract): string {
  const [query, body, answer] = [querySchemaOf(contract), bodySchemaOf(contract), answerSchemaOf(contract)];
  return [
    contract.description ?? `${contract.summary}.`,
    ...(query ? [fieldTable(query, "parameter")] : []),
    ...(body ? [fieldTable(body, "field")] : []),
    `Answers ${answer ? 200 : 302}. ${contract.answer.description}`,
    ...(answer ? [fieldTable(answer, "answer")] : []),
    ...("example" in contract.answer
      ? [`\`\`\`json\n${JSON.stringify(contract.answer.example, null, 2)}\n\`\`\``]
      : []),
    ...(contract.errors.length > 0 ? [`Errors: ${contract.errors.map(code).join(", ")}.`] : []),
  ].join("\n\n");
}

function overview(contracts: readonly Contract[]): string {
  const namesIn = (schema: JsonObject | null | undefined) =>
    Object.keys(objectOr(schema?.properties)).map((name) =>
      listOr(schema?.required).includes(name) ? name : `${name}?`
    ).join(", ");
  return table(
    ["route", "", "takes", "answers"],
    contracts.map((contract) => {
      const answer = answerSchemaOf(contract);
      const takes = namesIn(querySchemaOf(contract) ?? bodySchemaOf(contract));
      const answers = namesIn(answer);
      return [
        `\`${contract.method} ${contract.path}\``,
        contract.summary,
        takes && `\`${takes}\``,
        answers.split(", ").length > 6 || !answers ? contract.answer.description : `\`${answers}\``,
      ];
    }),
  );
}

function errorTable(): string {
  const rows = ALL_CODES.map((name) => {
    const { status, when, action, retryAfterSeconds = "", retryAfter = `${retryAfterSeconds}` } = CODES[name];
    return [`${status}`, `\`${name}\``, when, action, retryAfter];
  });
  return table(["status", "code", "when", "what a client does", "`Retry-After`"], rows);
}

/** The contracts in the order of docs/api.md. Throws for a contract without a section there. */
export function inOrder(contracts: readonly Contract[], apiDoc: string): Contract[] {
  const names = [...apiDoc.matchAll(BLOCK)].map(([, , name]) => name);
  for (const { operationId, method, path } of contracts) {
    if (names.includes(operationId)) continue;
    throw new Error(
      `${apiDocPath} lacks a section for ${method} ${path}: a heading, <!-- generated: ${operationId} --> and <!-- end -->`,
    );
  }
  return contracts.toSorted((a, b) => names.indexOf(a.operationId) - names.indexOf(b.operationId));
}

/** docs/api.md with new generated parts, unformatted. Throws for an unknown part. */
export function renderApiDoc(apiDoc: string, contracts: readonly Contract[]): string {
  const blocks = new Map(contracts.map((contract) => [contract.operationId, () => reference(contract)]));
  blocks.set("routes", () => overview(contracts));
  blocks.set("errors", errorTable);
  return apiDoc.replace(BLOCK, (_whole, start: string, name: string, end: string) => {
    const block = blocks.get(name);
    if (!block) throw new Error(`${apiDocPath}: ${name} is neither "routes", "errors" nor an operation`);
    // Contracts name paths as OpenAPI does; docs/api.md names them as the router does.
    return `${start}\n\n${block().replaceAll("/{id}", "/:id")}\n\n${end}`;
  });
}
