import { z } from "zod";
import {
  type CheckReport,
  configInvalidError,
  internalCheck,
} from "../../../supabase/functions/_shared/contract/internal_check.ts";
import { isLoopbackHost } from "../../../supabase/functions/_shared/hosts.ts";
import { type Answer, apiErrorOf, jsonOf, request } from "../http_client.ts";
import type { Target } from "../target.ts";
import { type Check, checkNamed } from "./check_result.ts";
import type { Remedies } from "./remedies.ts";

/** `signal` aborts when the user stops the doctor. */
export type Deployment = Target & { signal: AbortSignal; remedies: Remedies; fetch?: typeof fetch };

/** A deployment's report, with this machine's clock before and after, in milliseconds since the epoch. */
export type TimedReport = { report: CheckReport; askedAt: number; answeredAt: number };

/** `timed` is null without a report. */
type Reached = { checks: Check[]; timed: TimedReport | null };

const health = z.object({ ok: z.literal(true) });

const reachable = checkNamed("reachable");
const check = checkNamed("check");
const secretKey = checkNamed("secret key");
const version = checkNamed("version");
const variables = checkNamed("variables");

/** Asks for `/health`, then for the deployment's report. */
export async function reach(deployment: Deployment): Promise<Reached> {
  const { api, remedies } = deployment;
  const { origin, hostname } = new URL(api);
  const alive = await ask(deployment, "GET", "/health");
  if (alive?.status !== 200 || !health.safeParse(jsonOf(alive)).success) {
    const why = alive ? `${alive.status}, and not the function's answer,` : `No answer from ${origin}`;
    const fix = isLoopbackHost(hostname)
      ? "Does npm start run, and on this port? The API's URL is the api_url of its stack.json."
      : `Is this the API's URL, such as https://PROJECT.supabase.co/functions/v1/api? If it is, deploy it: ${remedies.deploy}`;
    return { checks: [reachable.failed(`${why} at GET ${api}/health.`, fix)], timed: null };
  }
  const answers = reachable.ok(`${api} answers, in ${Math.round(alive.answeredAt - alive.askedAt)} ms.`);
  const answer = await ask(deployment, "POST", "/internal/check");
  if (answer === null) {
    const fault = check.failed("POST /internal/check was not answered.", `Run it again. ${remedies.logs}`);
    return { checks: [answers, fault], timed: null };
  }
  const { checks, timed } = await understand(deployment, answer);
  return { checks: [answers, ...checks], timed };
}

async function understand(deployment: Deployment, answer: Answer): Promise<Reached> {
  const { remedies } = deployment;
  const keyIsRight = secretKey.ok("It is the function's.");
  const without = (...checks: Check[]): Reached => ({ checks, timed: null });
  if (answer.status === 200) {
    const { data: report } = internalCheck.answer.schema().safeParse(jsonOf(answer));
    if (report) {
      const { askedAt, answeredAt } = answer;
      const checks = [keyIsRight, version.ok("The function can report on itself."), variablesCheck(report)];
      return { checks, timed: { report, askedAt, answeredAt } };
    }
    const detail = "The function's report is not of this checkout's version.";
    const fix = `If the function may be newer than this checkout, update it first. Else: ${remedies.deploy}`;
    return without(keyIsRight, version.failed(detail, fix));
  }
  if (answer.status === 404) return without(await wrongKeyOrOlder(deployment));

  const { data: invalid } = configInvalidError().safeParse(jsonOf(answer));
  if (invalid) {
    const problems = invalid.problems.map(({ variable, problem }) =>
      checkNamed(`variable ${variable}`).failed(
        `${variable} ${problem}.`,
        variable.startsWith("SUPABASE_")
          ? `The platform sets it: ${remedies.deploy} On a host of your own, set it there.`
          : remedies.set(variable, "VALUE"),
      )
    );
    return without(keyIsRight, ...problems);
  }
  const error = apiErrorOf(answer);
  if (error?.code === "config_invalid") {
    const detail =
      "The configuration is not valid, and this secret key is not the one in the function's environment.";
    return without(variables.failed(detail, `${remedies.logs} Look for config.invalid.`));
  }
  const why = error
    ? `${error.detail} (code ${error.code}, request id ${error.request_id})`
    : "no reason given.";
  return without(check.failed(`POST /internal/check answered ${answer.status}: ${why}`, remedies.logs));
}

/** Both answer 404. An older function answers 405 to a GET of reconcile with the right key. */
async function wrongKeyOrOlder(deployment: Deployment): Promise<Check> {
  const { deploy } = deployment.remedies;
  const reconcile = await ask(deployment, "GET", "/internal/reconcile");
  return reconcile?.status === 405
    ? version.failed("The function has no POST /internal/check: it is older than this checkout.", deploy)
    : secretKey.failed(
      "The function does not know this secret key.",
      "Set SUPABASE_SECRET_KEY to the project's own (Project Settings, API Keys). If it is, the function is an old " +
        `one: ${deploy}`,
    );
}

function variablesCheck({ variables: all }: CheckReport): Check {
  const set = all.filter((variable) => variable.set).map(({ name }) => name).join(", ");
  return variables.ok(`All ${all.length} are valid. Set: ${set}; the others have their defaults.`);
}

/** Null without an answer. */
async function ask(deployment: Deployment, method: string, path: string): Promise<Answer | null> {
  const { api, signal, fetch } = deployment;
  const key = path === "/health" ? undefined : deployment.key;
  try {
    return await request(`${api}${path}`, { method, key, signal, fetch });
  } catch {
    signal.throwIfAborted();
    return null;
  }
}
