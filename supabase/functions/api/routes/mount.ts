import type { Context, Hono, MiddlewareHandler } from "hono";
import type { AnswerOf, BodyOf, Contract, Limits, QueryOf } from "../../_shared/contract/route_contract.ts";
import { ApiError } from "../../_shared/errors.ts";
import { lazy } from "../../_shared/lazy.ts";
import type { ApiEnv } from "../hono_types.ts";
import { methodNotAllowed } from "../middleware/error_handlers.ts";
import { createBodyLimit, parseInput, readJson } from "./body.ts";

/** What a request holds, checked by its contract. */
type Input<Query, Body> = { id: string; query: Query; body: Body };

/** A contract and what fulfils it. */
export type Route = { contract: Contract; handle: (c: Context<ApiEnv>, limits: Limits) => Promise<Response> };

/** The answer for an id that the user does not have. */
export const notFound = (contract: { id: { missing: string } }) =>
  new ApiError("not_found", contract.id.missing);

/**
 * Builds a route. `answer` gets what the contract's schemas made of the request, and returns the body of the 200, or where
 * the 302 leads.
 */
export function route<C extends Contract>(
  contract: C,
  answer: (
    c: Context<ApiEnv>,
    input: Input<QueryOf<C>, BodyOf<C>>,
  ) => AnswerOf<C> | Promise<AnswerOf<C>>,
): Route;
export function route(
  contract: Contract,
  answer: (c: Context<ApiEnv>, input: Input<unknown, unknown>) => object | string | Promise<object | string>,
): Route {
  const { id, query, body } = contract;
  const schemas = lazy((limits: Limits) => ({
    id: id?.schema(),
    query: query?.(),
    body: body?.schema(limits),
  }));

  const inputOf = async (c: Context<ApiEnv>, limits: Limits) => {
    const schema = schemas(limits);
    const parsedId = schema.id?.safeParse(c.req.param("id"));
    if (id && !parsedId?.success) throw notFound({ id });
    // A parameter with an empty value was not filled in.
    const filled = () =>
      Object.fromEntries(Object.entries(c.req.query()).filter(([, value]) => value.trim()));
    return {
      id: parsedId?.data ?? "",
      query: schema.query && parseInput(schema.query, filled()),
      body: schema.body && parseInput(schema.body, await readJson(c, body?.absent)),
    };
  };

  return {
    contract,
    async handle(c, limits) {
      const answered = await answer(c, await inputOf(c, limits));
      return typeof answered === "string" ? c.redirect(answered, 302) : c.json(answered);
    },
  };
}

/**
 * Mounts routes where their contracts say. A guard covers everything below the first segment of its routes, so addresses
 * that do not exist are guarded too. Other methods of a path are refused.
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
  for (const { contract: { method, path, errors }, handle } of routes) {
    if (errors.includes("payload_too_large")) app.on(method, path, limitBody);
    app.on(method, path, (c) => handle(c, limits));
  }
  for (const [path, those] of Map.groupBy(routes, ({ contract }) => contract.path)) {
    app.all(path, methodNotAllowed(...those.map(({ contract }) => contract.method)));
  }
}
