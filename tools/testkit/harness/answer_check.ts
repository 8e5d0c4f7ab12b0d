import type { DescribedOperation, Description } from "./description.ts";

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

/** What an answer was held to, how it is told as one that was seen, and what is wrong with it. */
export type Verdict = { operation: string; answer: string; problems: string[] };

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

/** A field of a body, when it is text. */
function textOf(body: unknown, field: string): string | undefined {
  const value = typeof body === "object" && body !== null ? Reflect.get(body, field) : undefined;
  return typeof value === "string" ? value : undefined;
}

/** Holds answers, and the requests that were accepted, to a description. */
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

  /** What is wrong with an answer; nothing, when it is as it is described. */
  return function check(seen: SeenAnswer): Verdict {
    const { status } = seen;
    if (seen.method === "OPTIONS") {
      const operation = "a preflight";
      return { operation, answer: `${operation} ${status}`, problems: preflightProblems(seen) };
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
