import type { z } from "zod";
import type { ErrorCode } from "./error_codes.ts";

/** What the schema of a body depends on. */
export type Limits = { maxTextChars: number };

type Named<Schema extends (limits: Limits) => z.ZodType> = {
  /** The schema's name in docs/openapi.json. */
  name: string;
  schema: Schema;
};

/**
 * What a route takes and answers. The app mounts the route by it, and `npm run gen:openapi` writes docs/openapi.json and
 * the tables of docs/api.md from it. Schemas are functions, so that a cold request builds its own alone
 * (docs/decisions/0018-one-contract.md); what describes a field stands on the field.
 */
export type Contract = {
  method: "GET" | "POST" | "DELETE";
  /** Below the base path, as Hono writes it: `/voices/:id`. */
  path: `/${string}`;
  operationId: string;
  tag: "Service" | "Cloning" | "Voices" | "Speaking" | "Internal";
  /** Anyone, a signed-in user, or the holder of the secret key. The last two add error codes of their own. */
  access: "anyone" | "user" | "operator";
  summary: string;
  description?: string;
  /** The `:id` of the path. One that its schema refuses is answered with `not_found` and the sentence `missing`. */
  id?: { schema: () => z.ZodType<string>; missing: string; description: string; example: string };
  query?: () => z.ZodObject;
  /** With `absent`, the body may be empty and then counts as this value. */
  body?: Named<(limits: Limits) => z.ZodType> & { absent?: object; examples: Record<string, object> };
  /** The 200 with this body, or a 302. */
  answer: { description: string } & (Named<() => z.ZodType> & { example: object } | { redirect: true });
  /** With `payload_too_large`, the length of the body is limited. */
  errors: readonly ErrorCode[];
  /** Fields that the bodies of some codes have besides the envelope. */
  errorFields?: Partial<Record<ErrorCode, Named<() => z.ZodType>>>;
};

/** The id that a route takes, checked. */
export type IdOf<C> = C extends { id: object } ? string : undefined;

/** The body that a route takes, checked. */
export type BodyOf<C> = C extends { body: { schema: (limits: Limits) => infer Schema extends z.ZodType } }
  ? z.output<Schema>
  : undefined;

/** The query that a route takes, checked. */
export type QueryOf<C> = C extends { query: () => infer Schema extends z.ZodType } ? z.output<Schema>
  : undefined;

/** What a route answers: the body of its 200, or where its 302 leads. */
export type AnswerOf<C> = C extends { answer: { schema: () => infer Schema extends z.ZodType } }
  ? z.input<Schema> & object
  : string;
