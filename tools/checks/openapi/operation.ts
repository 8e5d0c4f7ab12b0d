import type { ErrorCode } from "../../../supabase/functions/_shared/errors.ts";
import type { JsonObject } from "./json.ts";
import type { SchemaName } from "./schemas.ts";

/** One route as it is written down; `createPaths` makes an operation of OpenAPI of it. */
export type Operation = {
  method: "get" | "post" | "delete";
  /** Below the server's URL. */
  path: string;
  operationId: string;
  tag: "Service" | "Cloning" | "Voices" | "Speaking" | "Internal";
  summary: string;
  description?: string;
  /** Anyone, a signed-in user, or whoever has the secret key. The last two bring error codes of their own. */
  access: "anyone" | "user" | "operator";
  parameters?: JsonObject[];
  /** `example` by a name for it. */
  request?: { schema: SchemaName; required: boolean; examples: Record<string, JsonObject> };
  /** How it answers when all is well: a body of this schema, or a redirect. */
  answer:
    | { status: 200; description: string; schema: SchemaName; example: JsonObject }
    | { status: 302; description: string };
  /** What else it answers, besides what its access brings. */
  errors: ErrorCode[];
  /** What the bodies of some codes hold besides the envelope. */
  errorFields?: Partial<Record<ErrorCode, SchemaName>>;
};
