// Holds every answer of the function to docs/openapi.json.
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { getPath } from "hono/utils/url";
import { isObject, type JsonObject, jsonObject, type JsonValue } from "../../checks/openapi/json_object.ts";

/** A route as docs/openapi.json has it, by a name such as `GET /voices/{id}/preview`. */
type DescribedOperation = { name: string; method: string; template: string; pointer: string };

const escaped = (segment: string) => segment.replaceAll("~", "~0").replaceAll("/", "~1");
const unescaped = (segment: string) => segment.replaceAll("~1", "/").replaceAll("~0", "~");

type Description = ReturnType<typeof createDescription>;

function createDescription(document: JsonObject) {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true, validateFormats: true });
  formats.default(ajv);
  // The document is no schema itself: only what stands in it is.
  ajv.addVocabulary(Object.keys(document));
  ajv.addSchema(document, "openapi", false, false);
  const compiled = new Map<string, ValidateFunction>();

  /** What is at a JSON pointer, and where it stands once references are followed; null when there is nothing. */
  const find = (pointer: string): { node: JsonObject; pointer: string } | null => {
    let node: JsonValue | undefined = document;
    let place = "";
    for (const segment of pointer.split("/").slice(1)) {
      place += `/${segment}`;
      if (Array.isArray(node)) node = node[Number(segment)];
      else node = isObject(node) ? node[unescaped(segment)] : undefined;
      if (isObject(node) && typeof node.$ref === "string") {
        const referred = find(node.$ref.slice(1));
        node = referred?.node;
        place = referred?.pointer ?? place;
      }
    }
    return isObject(node) ? { node, pointer: place } : null;
  };

  const paths = find("/paths")?.node ?? {};
  const operations: DescribedOperation[] = Object.entries(paths).flatMap(([template, methods]) =>
    Object.keys(isObject(methods) ? methods : {}).map((method) => ({
      name: `${method.toUpperCase()} ${template}`,
      method: method.toUpperCase(),
      template,
      pointer: `/paths/${escaped(template)}/${method}`,
    }))
  );
  return {
    find,
    operationsAt: (path: string) =>
      operations.filter(({ template }) =>
        new RegExp(`^${template.replace(/\{\w+\}/g, "[^/]+")}$`).test(path)
      ),

    /**
     * What is wrong with a value by the schema at a place; null when nothing is.
     * @param options.closed whether it may hold no field that the schema does not name
     */
    mismatch(pointer: string, value: unknown, options: { closed?: boolean } = {}): string | null {
      const key = `${pointer} ${options.closed}`;
      const $ref = `openapi#${pointer.split("/").map(encodeURIComponent).join("/")}`;
      const validate = compiled.get(key) ??
        ajv.compile(
          options.closed ? { type: "object", allOf: [{ $ref }], unevaluatedProperties: false } : { $ref },
        );
      compiled.set(key, validate);
      return validate(value) ? null : ajv.errorsText(validate.errors, { dataVar: "" }).trim();
    },
  };
}

export const description = createDescription(
  jsonObject.parse(
    JSON.parse(Deno.readTextFileSync(new URL("../../../docs/openapi.json", import.meta.url))),
  ),
);

/** An answer as its client got it, and what it was the answer to. */
export type SeenAnswer = {
  method: string;
  /** Below the base path; null outside it. */
  path: string | null;
  query: URLSearchParams;
  /** What was sent; null when it was not kept. */
  requestBody: string | null;
  status: number;
  headers: Headers;
  body: string;
};

/** What an answer was held to, its kind (`GET /voices 401 unauthorized`), and what is wrong with it. */
type Verdict = { operation: string; answer: string; problems: string[] };

/** Headers that an answer may carry only where the document says so. */
const PROMISES = ["Retry-After", "Allow", "Location", "WWW-Authenticate"];

/** What any address may answer that no operation has. */
const ELSEWHERE = { name: "another address", pointer: "/x-other-answers" };

/** As the document says of text: trimmed and composed before it is looked at. */
function asLookedAt(_key: string, value: unknown): unknown {
  return typeof value === "string" ? value.trim().normalize("NFC") : value;
}

function parse(text: string, reviver?: (key: string, value: unknown) => unknown): unknown {
  try {
    return JSON.parse(text, reviver);
  } catch {
    return undefined;
  }
}

function textOf(body: unknown, field: string): string | undefined {
  const value = typeof body === "object" && body !== null ? Reflect.get(body, field) : undefined;
  return typeof value === "string" ? value : undefined;
}

export function createAnswerCheck({ find, mismatch, operationsAt }: Description) {
  const headerProblems = (pointer: string, seen: SeenAnswer, code: string | undefined): string[] => {
    const described = Object.keys(find(`${pointer}/headers`)?.node ?? {});
    const problems = PROMISES.filter((name) => seen.headers.has(name) && !described.includes(name))
      .map((name) => `${name} is there and not described`);
    for (const name of described) {
      const header = find(`${pointer}/headers/${name}`);
      const codes = header?.node["x-with-codes"];
      const wanted = Array.isArray(codes) && code !== undefined
        ? codes.includes(code)
        : header?.node.required === true;
      const value = seen.headers.get(name);
      if (wanted && value === null) problems.push(`${name} is missing`);
      if (value === null) continue;
      if (code !== undefined && Array.isArray(codes) && !wanted) problems.push(`${code} has ${name}`);
      const schema = find(`${header?.pointer}/schema`);
      const wrong = mismatch(`${schema?.pointer}`, schema?.node.type === "integer" ? Number(value) : value);
      if (wrong) problems.push(`${name}: ${wrong}`);
    }
    return problems;
  };

  const bodyProblems = (pointer: string, seen: SeenAnswer, body: unknown): string[] => {
    if (seen.method === "HEAD" || !find(`${pointer}/content`)) {
      return seen.body === "" ? [] : ["it has a body"];
    }
    const type = seen.headers.get("content-type") ?? "none";
    const content = find(`${pointer}/content/${type.replaceAll("/", "~1")}/schema`);
    if (!content) return [`its content type is ${type}`];
    // A client is told that error bodies may get more fields; here it is known which they have.
    const wrong = mismatch(content.pointer, body, { closed: seen.status >= 400 });
    if (wrong) return [`body: ${wrong}`];
    const sameId = seen.status < 400 || textOf(body, "request_id") === seen.headers.get("x-request-id");
    return sameId ? [] : ["request_id is not that of the header"];
  };

  /** What of an accepted request the document would not take. */
  const requestProblems = (operation: DescribedOperation, seen: SeenAnswer): string[] => {
    const problems: string[] = [];
    const request = find(`${operation.pointer}/requestBody`);
    if (request && seen.requestBody) {
      const schema = find(`${request.pointer}/content/application~1json/schema`);
      // Nested too deeply for a reviver, it holds nothing that is looked at.
      const sent = parse(seen.requestBody, asLookedAt) ?? parse(seen.requestBody);
      const wrong = mismatch(`${schema?.pointer}`, sent);
      if (wrong) problems.push(`accepted a body: ${wrong}`);
    }
    if (request?.node.required === true && seen.requestBody === "") problems.push("accepted no body");
    for (let index = 0;; index++) {
      const parameter = find(`${operation.pointer}/parameters/${index}`);
      if (!parameter) return problems;
      const value = parameter.node.in === "query" && seen.query.get(`${parameter.node.name}`);
      if (!value || value.trim() === "") continue;
      const schema = find(`${parameter.pointer}/schema`);
      const given = schema?.node.type === "integer" ? Number(value) : asLookedAt("", value);
      const wrong = mismatch(`${schema?.pointer}`, given);
      if (wrong) problems.push(`accepted ${parameter.node.name}: ${wrong}`);
    }
  };

  const preflightProblems = (seen: SeenAnswer): string[] => [
    ...(seen.status === 204 ? [] : [`a preflight is answered ${seen.status}`]),
    ...(seen.body === "" ? [] : ["a preflight has a body"]),
    ...(seen.headers.has("x-request-id") ? [] : ["x-request-id is missing"]),
  ];

  /** A 405 names the methods that the document has for the path. */
  const allowProblems = (seen: SeenAnswer): string[] => {
    if (seen.status !== 405) return [];
    const methods = seen.path === null ? [] : operationsAt(seen.path).map(({ method }) => method);
    const allowed = [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"].sort().join(", ");
    const told = (seen.headers.get("Allow") ?? "").split(", ").sort().join(", ");
    return methods.length > 0 && told === allowed ? [] : [`Allow is ${told}, described are ${allowed}`];
  };

  return function check(seen: SeenAnswer): Verdict {
    const { status } = seen;
    if (seen.method === "OPTIONS") {
      return { operation: "a preflight", answer: `a preflight ${status}`, problems: preflightProblems(seen) };
    }
    const method = seen.method === "HEAD" ? "GET" : seen.method;
    const own = seen.path === null ? [] : operationsAt(seen.path).filter((one) => one.method === method);
    const [operation] = own;
    const { name, pointer } = operation ?? ELSEWHERE;
    const body = parse(seen.body);
    const code = status < 400 ? undefined : textOf(body, "code");
    const verdict = { operation: name, answer: [name, status, code].filter(Boolean).join(" ") };
    const described = find(operation ? `${pointer}/responses/${status}` : `${pointer}/${status}`);
    if (!described) return { ...verdict, problems: ["the status is not described"] };
    return {
      ...verdict,
      problems: [
        ...headerProblems(described.pointer, seen, code),
        ...bodyProblems(described.pointer, seen, body),
        ...allowProblems(seen),
        ...(operation && status < 400 ? requestProblems(operation, seen) : []),
      ],
    };
  };
}

/** A request body longer than any route takes is not kept. */
const MOST_KEPT_BYTES = 64 * 1024;
const BASE_PATH = "/api";

type Handler = (request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>) => Response | Promise<Response>;

/** Whether the URL can be believed: Deno builds it from the Host. */
function isHost(request: Request): boolean {
  return !/[/?#\\@]/.test(request.headers.get("host") ?? "") && URL.canParse(request.url);
}

/** A request that hears of a client that hangs up as the first one does, and its body; null for one that is not kept. */
async function keepBody(request: Request): Promise<{ request: Request; body: string | null }> {
  if (request.body === null) return { request, body: "" };
  const length = request.headers.get("content-length");
  const isKept = request.method === "POST" && isHost(request) && length !== null &&
    Number(length) <= MOST_KEPT_BYTES;
  // A body that breaks off cannot be read, here and in the function.
  const bytes = isKept ? await request.arrayBuffer().catch(() => null) : null;
  if (bytes === null) return { request, body: null };
  const { method, headers, url, signal } = request;
  return {
    request: new Request(url, { method, headers, body: bytes, signal }),
    body: new TextDecoder().decode(bytes),
  };
}

/** Adds a line to the file that `TEST_ANSWERS` names, which `npm run test:edge` reads. */
function keepLine(line: string): void {
  const file = Deno.env.get("TEST_ANSWERS");
  if (file) Deno.writeTextFileSync(file, `${line}\n`, { append: true });
}

/**
 * The handler with every answer held to docs/openapi.json. A problem fails the run at its end: thrown when the server is
 * disposed of, it would hide how the test itself failed.
 * @param keep gets a line for each kind of answer, and a sentence for each problem, after `! `
 */
export function watchAnswers(handler: Handler, keep: (line: string) => void = keepLine): Handler {
  const check = createAnswerCheck(description);
  // The line of a test that this is called for, however deep below it.
  const test = /[^/]+\.test\.ts:\d+/.exec(new Error().stack ?? "")?.[0] ?? "a test";
  const kept = new Set<string>();
  const keepOnce = (line: string) => {
    if (!kept.has(line)) keep(line);
    kept.add(line);
  };

  return async (given, info) => {
    const { request, body } = await keepBody(given);
    const { method } = request;
    const { searchParams = new URLSearchParams() } = URL.parse(request.url) ?? {};
    const path = isHost(request) ? getPath(request) : "";
    const response = await handler(request, info);
    const { status, headers } = response;
    const within = path.startsWith(`${BASE_PATH}/`) ? path.slice(BASE_PATH.length) : null;
    const asked = { method, path: within, query: searchParams, requestBody: body };
    try {
      const answered = { status, headers, body: await response.clone().text() };
      const { operation, answer, problems } = check({ ...asked, ...answered });
      keepOnce(answer);
      for (const problem of problems) {
        keepOnce(`! ${operation} answered ${method} with ${status} (${test}): ${problem}`);
      }
    } catch (error) {
      keepOnce(`! ${method} ${path} could not be checked (${test}): ${error}`);
    }
    return response;
  };
}
