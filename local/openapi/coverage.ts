import { isObject, type JsonObject, type JsonValue } from "./json.ts";

/** Answers that the edge tests are not expected to see, with the reason. */
const OUT_OF_REACH: Readonly<Record<string, string>> = {
  "GET /languages 500":
    "it asks nothing that could fail; only a process that cannot load its routes answers so",
  "POST /internal/check 500": "what fails is part of its report; only a defect answers so",
};

const entriesOf = (value: JsonValue | undefined) => Object.entries(isObject(value) ? value : {});

/** Every answer that the document describes, as `GET /voices 200`. */
function answersIn(document: JsonObject): string[] {
  return entriesOf(document.paths).flatMap(([path, methods]) =>
    entriesOf(methods).flatMap(([method, operation]) =>
      entriesOf(isObject(operation) ? operation.responses : undefined)
        .map(([status]) => `${method.toUpperCase()} ${path} ${status}`)
    )
  );
}

/**
 * The answers that the document describes and no test has seen.
 * @param seen what was seen, as `GET /voices 200`
 */
export function unseenAnswers(
  document: JsonObject,
  seen: Iterable<string>,
): { missing: string[]; outOfReach: { answer: string; reason: string }[] } {
  const known = new Set(seen);
  const unseen = answersIn(document).filter((answer) => !known.has(answer));
  return {
    missing: unseen.filter((answer) => !(answer in OUT_OF_REACH)),
    outOfReach: unseen.flatMap((answer) => {
      const reason = OUT_OF_REACH[answer];
      return reason === undefined ? [] : [{ answer, reason }];
    }),
  };
}
