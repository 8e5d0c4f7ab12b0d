import type { z } from "zod";
import type { ErrorCode } from "./error_codes.ts";

/** The configuration that schemas of bodies depend on. */
export type Limits = { maxTextChars: number };

type Named<Schema extends (limits: Limits) => z.ZodType> = {
  /** The schema's name in docs/openapi.json. */
  name: string;
  schema: Schema;
};

/**
 * The contract of a route. The app mounts the route from it, and `npm run gen:openapi` writes docs/openapi.json and the
 * tables of docs/api.md. Schemas are functions, so that a cold request builds only its own
 * (docs/decisions/0018-one-contract.md).
 */
export type Contract = {
  method: "GET" | "POST" | "DELETE";
  /** In Hono's syntax, below the base path: `/voices/:id`. */
  path: `/${string}`;
  operationId: string;
  tag: "Service" | "Cloning" | "Voices" | "Speaking" | "Internal";
  /** Anyone, a signed-in user, or the holder of the secret key. The last two add error codes. */
  access: "anyone" | "user" | "operator";
  summary: string;
  description?: string;
  /** The `:id` of the path. An invalid one gets `not_found` with the sentence `missing`. */
  id?: { schema: () => z.ZodType<string>; missing: string; description: string; example: string };
  query?: () => z.ZodObject;
  /** With `absent`, the body may be empty and defaults to this value. */
  body?: Named<(limits: Limits) => z.ZodType> & { absent?: object; examples: Record<string, object> };
  /** The 200 with this body, or a 302. */
  answer: { description: string } & (Named<() => z.ZodType> & { example: object } | { redirect: true });
  /** `payload_too_large` limits the length of the body. */
  errors: readonly ErrorCode[];
  /** Additional fields in the bodies of some errors. */
  errorFields?: Partial<Record<ErrorCode, Named<() => z.ZodType>>>;
};

export type IdOf<C> = C extends { id: object } ? string : undefined;

export type BodyOf<C> = C extends { body: { schema: (limits: Limits) => infer Schema extends z.ZodType } }
  ? z.output<Schema>
  : undefined;

export type QueryOf<C> = C extends { query: () => infer Schema extends z.ZodType } ? z.output<Schema>
  : undefined;

/** The body of a route's 200, or the target of its 302. */
export type AnswerOf<C> = C extends { answer: { schema: () => infer Schema extends z.ZodType } }
  ? z.input<Schema> & object
  : string;
