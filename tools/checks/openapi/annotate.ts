import { isObject, type JsonObject } from "./json.ts";

/**
 * What is said of the fields of a schema, by path: `capabilities.max_text_chars`, `orphans.voice_id` for a field of what
 * the list `orphans` holds. Text is the description; an object is added to what zod wrote.
 */
export type FieldNotes = Readonly<Record<string, string | JsonObject>>;

/** The schemas that hold the fields of a value: its own, and those of what it is a list of, or may be besides null. */
function* objectsOf(schema: JsonObject): Generator<JsonObject> {
  if (isObject(schema.properties)) yield schema.properties;
  if (isObject(schema.items)) yield* objectsOf(schema.items);
  for (const one of Array.isArray(schema.anyOf) ? schema.anyOf : []) if (isObject(one)) yield* objectsOf(one);
}

/**
 * Adds the notes to a schema, in place.
 * @throws {Error} when a field has no note, or a note has no field
 */
export function annotate(name: string, schema: JsonObject, notes: FieldNotes): void {
  const unused = new Set(Object.keys(notes));
  const visit = (node: JsonObject, path: string) => {
    for (const properties of objectsOf(node)) {
      for (const [field, property] of Object.entries(properties)) {
        if (!isObject(property)) continue;
        const note = notes[path + field];
        if (note === undefined) throw new Error(`${name}: nothing is said of ${path}${field}`);
        unused.delete(path + field);
        visit(property, `${path}${field}.`);
        Object.assign(property, typeof note === "string" ? { description: note } : note);
      }
    }
  };
  visit(schema, "");
  if (unused.size > 0) throw new Error(`${name}: there is no ${[...unused].join(", ")}`);
}
