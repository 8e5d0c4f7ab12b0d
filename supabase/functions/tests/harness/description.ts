import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import {
  isObject,
  type JsonObject,
  jsonObject,
  type JsonValue,
} from "../../../../tools/checks/openapi/json.ts";

/** A route as docs/openapi.json has it. */
export type DescribedOperation = {
  /** `GET /voices/{id}/preview` */
  name: string;
  method: string;
  template: string;
  /** Where it stands in the document. */
  pointer: string;
};

const escaped = (segment: string) => segment.replaceAll("~", "~0").replaceAll("/", "~1");
const unescaped = (segment: string) => segment.replaceAll("~1", "/").replaceAll("~0", "~");

export type Description = ReturnType<typeof createDescription>;

/** What a document says, and whether something fits it. */
export function createDescription(document: JsonObject) {
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
  const matches = ({ template }: DescribedOperation, path: string) =>
    new RegExp(`^${template.replace(/\{\w+\}/g, "[^/]+")}$`).test(path);

  return {
    find,
    operations,
    /** The operations of the path, whatever their method. */
    operationsAt: (path: string) => operations.filter((operation) => matches(operation, path)),

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

/** What docs/openapi.json says, as its test holds it to the contract. */
export const description = createDescription(
  jsonObject.parse(JSON.parse(
    Deno.readTextFileSync(new URL("../../../../docs/openapi.json", import.meta.url)),
  )),
);
