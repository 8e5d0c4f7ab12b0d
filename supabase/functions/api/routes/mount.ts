import type { Context, Handler, Hono, MiddlewareHandler } from "hono";
import type {
  AnswerOf,
  BodyOf,
  Contract,
  IdOf,
  Limits,
  QueryOf,
} from "../../_shared/contract/route_contract.ts";
import { ApiError } from "../../_shared/errors.ts";
import { lazy } from "../../_shared/once.ts";
import type { ApiEnv } from "../hono_types.ts";
import { methodNotAllowed } from "../middleware/error_handlers.ts";
import { createBodyLimit, parseInput, readJson } from "./body.ts";

/** A request, parsed by its contract. */
type Input<Id, Query, Body> = { id: Id; query: Query; body: Body };

/** A contract and its handler. */
export type Route = { contract: Contract; handlerFor: (limits: Limits) => Handler<ApiEnv> };

export const notFound = (contract: { id: { missing: string } }) =>
  new ApiError("not_found", contract.id.missing);

/**
 * Builds a route. `answer` gets the parsed request, and returns the body of the 200 or the target of the 302.
 */
export function route<C extends Contract>(
  contract: C,
  answer: (
    c: Context<ApiEnv>,
    input: Input<IdOf<C>, QueryOf<C>, BodyOf<C>>,
  ) => AnswerOf<C> | Promise<AnswerOf<C>>,
): Route;
export function route(
  contract: Contract,
  answer: (
    c: Context<ApiEnv>,
    input: Input<string | undefined, unknown, unknown>,
  ) => object | string | Promise<object | string>,
): Route {
  const { id, query, body } = contract;

  const handlerFor = (limits: Limits) => {
    const schemas = lazy(() => ({ id: id?.schema(), query: query?.(), body: body?.schema(limits) }));
    return async (c: Context<ApiEnv>) => {
      const schema = schemas();
      const parsedId = schema.id?.safeParse(c.req.param("id"));
      if (id && !parsedId?.success) throw notFound({ id });
      const answered = await answer(c, {
        id: parsedId?.data,
        query: schema.query && parseInput(schema.query, filledIn(c.req.query())),
        body: schema.body && parseInput(schema.body, await readJson(c, body?.absent)),
      });
      return typeof answered === "string" ? c.redirect(answered, 302) : c.json(answered);
    };
  };
  return { contract, handlerFor };
}

/** An empty parameter counts as absent. */
const filledIn = (query: Record<string, string>) =>
  Object.fromEntries(Object.entries(query).filter(([, value]) => value.trim()));

/**
 * Mounts routes by their contracts. A guard covers everything below the first segment of its routes, including
 * addresses that do not exist. Other methods of a path get 405.
 */
export function mount(
  app: Hono<ApiEnv>,
  routes: Route[],
  { limits, guards }: { limits: Limits; guards: Record<"user" | "operator", MiddlewareHandler<ApiEnv>> },
): void {
  const limitBody = createBodyLimit();
  for (const access of ["user", "operator"] as const) {
    const guarded = routes.filter(({ contract }) => contract.access === access);
    const prefixes = new Set(guarded.map(({ contract }) => contract.path.split("/")[1]));
    for (const prefix of prefixes) app.use(`/${prefix}/*`, guards[access]);
  }
  for (const { contract: { method, path, errors }, handlerFor } of routes) {
    if (errors.includes("payload_too_large")) app.on(method, path, limitBody);
    app.on(method, path, handlerFor(limits));
  }
  for (const [path, those] of Map.groupBy(routes, ({ contract }) => contract.path)) {
    app.all(path, methodNotAllowed(...those.map(({ contract }) => contract.method)));
  }
}
