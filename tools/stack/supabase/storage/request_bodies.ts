import { z } from "zod";
import { invalidRequest, unreadableBody } from "./storage_errors.ts";

/** A whole number of at least `least`; hosted Storage takes one in a string too. */
export function wholeNumber(least: number) {
  const numeric = (value: unknown) =>
    typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  return z.preprocess(numeric, z.int().min(least));
}

/** Some strings; hosted Storage takes one alone for a list of it. */
export const strings = z.preprocess(
  (value) => typeof value === "string" ? [value] : value,
  z.array(z.string()).min(1),
);

type Issue = z.core.$ZodIssue;

/** A problem in the words of Ajv, which hosted Storage checks its requests with. */
function sentenceOf(issue: Issue): string {
  const place = (path: PropertyKey[]) => ["body", ...path.map(String)].join("/");
  const at = place(issue.path);
  const name = issue.path.at(-1);
  if (issue.input === undefined && name !== undefined) {
    return `${place(issue.path.slice(0, -1))} must have required property '${String(name)}'`;
  }
  if (issue.code === "too_small") {
    return issue.origin === "array"
      ? `${at} must NOT have fewer than ${issue.minimum} items`
      : `${at} must be >= ${issue.minimum}`;
  }
  if (issue.code === "invalid_value") return `${at} must be equal to one of the allowed values`;
  const expected = issue.code === "invalid_type" ? issue.expected : "valid";
  return `${at} must be ${expected === "int" || expected === "number" ? "integer" : expected}`;
}

/** Reads a body as JSON where it says that it is JSON, as Fastify does; undefined where it does not. */
async function readJson(request: Request): Promise<unknown> {
  const isJson = request.headers.get("content-type")?.toLowerCase().startsWith("application/json");
  if (!isJson) return undefined;
  const declared = "content-type is set to 'application/json'";
  const text = await request.text();
  if (text === "") throw unreadableBody(`Body cannot be empty when ${declared}`);
  try {
    return JSON.parse(text);
  } catch {
    throw unreadableBody(`Body is not valid JSON but ${declared}`);
  }
}

/** The body of a request. Throws hosted Storage's refusal where it is not what the schema says. */
export async function readBody<T extends object>(request: Request, schema: z.ZodType<T>): Promise<T> {
  const parsed = schema.safeParse(await readJson(request), { reportInput: true });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalidRequest(issue === undefined ? "body is invalid" : sentenceOf(issue));
}

/** Throws hosted Storage's refusal of a body that says it is JSON and is not. Leaves the request to be read again. */
export async function checkBody(request: Request): Promise<void> {
  await readJson(request.clone());
}
