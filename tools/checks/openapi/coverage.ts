import type { ErrorCode } from "../../../supabase/functions/_shared/errors.ts";
import { isObject, type JsonObject, type JsonValue } from "./json_object.ts";

/** Codes that do not depend on the operation: seeing one covers all. */
const SHARED: readonly ErrorCode[] = ["config_invalid"];

/** Answers that edge tests cannot cause, with the reason. */
const OUT_OF_REACH: Readonly<Record<string, string>> = {
  "GET /languages 500 internal":
    "it depends on nothing that could fail; only a process that cannot load its routes answers so",
  "POST /internal/check 500 internal": "failures are part of its report; only a defect answers so",
  "another address 500 internal":
    "it depends on nothing; only a process that cannot load its routes answers so",
};

const entriesOf = (value: JsonValue | undefined) => Object.entries(isObject(value) ? value : {});

const at = (value: JsonValue | undefined, ...path: string[]): JsonValue | undefined =>
  path.reduce((node, name) => isObject(node) ? node[name] : undefined, value);

/** The error codes of an answer; none for a success. */
function codesOf(document: JsonObject, answer: JsonValue): JsonValue[] {
  const $ref = at(answer, "$ref");
  const resolved = typeof $ref === "string" ? at(document, ...$ref.split("/").slice(1)) : answer;
  const parts = at(resolved, "content", "application/json", "schema", "allOf");
  return (Array.isArray(parts) ? parts : []).flatMap((part) => {
    const codes = at(part, "properties", "code", "enum");
    return Array.isArray(codes) ? codes : [];
  });
}

/** Every answer in the document, named as in `unseenAnswers`. */
function answersIn(document: JsonObject): string[] {
  const named = (operation: string, answers: JsonValue | undefined) =>
    entriesOf(answers).flatMap(([status, answer]) => {
      const codes = codesOf(document, answer);
      const name = `${operation} ${status}`;
      return codes.length === 0 ? [name] : codes.map((code) => `${name} ${code}`);
    });
  const ofOperations = entriesOf(document.paths).flatMap(([path, methods]) =>
    entriesOf(methods).flatMap(([method, operation]) =>
      named(`${method.toUpperCase()} ${path}`, at(operation, "responses"))
    )
  );
  return [...ofOperations, ...named("another address", document["x-other-answers"])];
}

/** The described answers that no test has seen. `seen` is like `GET /voices 200` or `GET /voices 401 unauthorized`. */
export function unseenAnswers(document: JsonObject, seen: Iterable<string>) {
  const known = new Set(seen);
  const sharedAndSeen = SHARED.filter((code) => [...known].some((answer) => answer.endsWith(` ${code}`)));
  const unseen = answersIn(document).filter((answer) =>
    !known.has(answer) && !sharedAndSeen.some((code) => answer.endsWith(` ${code}`))
  );
  return {
    missing: unseen.filter((answer) => !(answer in OUT_OF_REACH)),
    outOfReach: unseen.flatMap((answer) => {
      const reason = OUT_OF_REACH[answer];
      return reason === undefined ? [] : [{ answer, reason }];
    }),
  };
}
