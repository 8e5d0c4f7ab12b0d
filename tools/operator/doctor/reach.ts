import { z } from "zod";
import {
  type CheckReport,
  configInvalidError,
  internalCheck,
} from "../../../supabase/functions/_shared/contract/internal_check.ts";
import { isLoopbackHost } from "../../../supabase/functions/_shared/hosts.ts";
import { type Check, failed, ok } from "./check.ts";
import type { Remedies } from "./remedies.ts";

/** The longest the platform lets a function take, in milliseconds. */
const TIMEOUT_MS = 150_000;

/** A deployment that is looked at. */
export type Deployment = {
  /** Base URL of the API, without a slash at its end. */
  api: string;
  /** The project's secret key. */
  key: string;
  /** Aborts when the person has had enough. */
  signal: AbortSignal;
  remedies: Remedies;
  fetch?: typeof fetch;
};

/** What the deployment tells of itself, with this machine's clock before and after, in milliseconds since the epoch. */
export type Told = { report: CheckReport; askedAt: number; answeredAt: number };

const health = z.object({ ok: z.literal(true) });
const errorBody = z.object({ detail: z.string(), code: z.string(), request_id: z.string() });

type Answer = { status: number; body: unknown; askedAt: number; answeredAt: number };

/** Asks whether the function answers, and has it report on itself. `told` is null when it does not. */
export async function reach(deployment: Deployment): Promise<{ checks: Check[]; told: Told | null }> {
  const { remedies } = deployment;
  const origin = new URL(deployment.api).origin;
  const nobody = (why: string) => ({
    checks: [
      failed(
        "reachable",
        `${why} at GET ${deployment.api}/health.`,
        isLoopbackHost(new URL(deployment.api).hostname)
          ? "Does npm start run, and on this port? The API's URL is the api_url of its stack.json."
          : `Is this the API's URL, such as https://PROJECT.supabase.co/functions/v1/api? If it is, deploy it: ${remedies.deploy}`,
      ),
    ],
    told: null,
  });
  const alive = await ask(deployment, "GET", "/health");
  if (alive === null) return nobody(`No answer from ${origin}`);
  if (alive.status !== 200 || !health.safeParse(alive.body).success) {
    return nobody(`${alive.status}, and not the function's answer,`);
  }
  const reachable = ok(
    "reachable",
    `${deployment.api} answers, in ${Math.round(alive.answeredAt - alive.askedAt)} ms.`,
  );
  const answer = await ask(deployment, "POST", "/internal/check");
  const rest = answer === null
    ? {
      checks: [failed("check", "POST /internal/check was not answered.", `Run it again. ${remedies.logs}`)],
      told: null,
    }
    : await understand(deployment, answer);
  return { checks: [reachable, ...rest.checks], told: rest.told };
}

async function understand(
  deployment: Deployment,
  answer: Answer,
): Promise<{ checks: Check[]; told: Told | null }> {
  const { remedies } = deployment;
  const keyIsRight = ok("secret key", "It is the function's.");
  if (answer.status === 200) {
    const report = internalCheck.answer.schema().safeParse(answer.body);
    if (!report.success) {
      const detail = "The function's report is not of this checkout's version.";
      const fix =
        `If the function may be newer than this checkout, update it first. Else: ${remedies.deploy}`;
      return { checks: [keyIsRight, failed("version", detail, fix)], told: null };
    }
    const { askedAt, answeredAt } = answer;
    const checks = [keyIsRight, ok("version", "The function can report on itself."), variables(report.data)];
    return { checks, told: { report: report.data, askedAt, answeredAt } };
  }
  if (answer.status === 404) return { checks: [await wrongKeyOrOlder(deployment)], told: null };

  const invalid = configInvalidError().safeParse(answer.body);
  if (invalid.success) {
    const checks = invalid.data.problems.map(({ variable, problem }) =>
      failed(
        `variable ${variable}`,
        `${variable} ${problem}.`,
        variable.startsWith("SUPABASE_")
          ? `The platform sets it: ${remedies.deploy} On a host of your own, set it there.`
          : remedies.set(variable, "VALUE"),
      )
    );
    return { checks: [keyIsRight, ...checks], told: null };
  }
  const told = errorBody.safeParse(answer.body).data;
  if (told?.code === "config_invalid") {
    const detail =
      "The configuration is not valid, and this secret key is not the one in the function's environment.";
    return { checks: [failed("variables", detail, `${remedies.logs} Look for config.invalid.`)], told: null };
  }
  const why = told ? `${told.detail} (code ${told.code}, request id ${told.request_id})` : "no reason given.";
  return {
    checks: [failed("check", `POST /internal/check answered ${answer.status}: ${why}`, remedies.logs)],
    told: null,
  };
}

/** Both are 404. An older function has reconcile, which answers 405 to a GET with the right key. */
async function wrongKeyOrOlder(deployment: Deployment): Promise<Check> {
  const reconcile = await ask(deployment, "GET", "/internal/reconcile");
  return reconcile?.status === 405
    ? failed(
      "version",
      "The function has no POST /internal/check: it is older than this checkout.",
      deployment.remedies.deploy,
    )
    : failed(
      "secret key",
      "The function does not know this secret key.",
      "Give the project's own in SUPABASE_SECRET_KEY (Project Settings, API Keys). If it is that, the function is an " +
        "old one: " + deployment.remedies.deploy,
    );
}

function variables(report: CheckReport): Check {
  const set = report.variables.filter((variable) => variable.set).map(({ name }) => name);
  return ok(
    "variables",
    `All ${report.variables.length} are valid. Set: ${set.join(", ")}; the others have their defaults.`,
  );
}

/** Null when there was no answer. Redirects are not followed, for the key would go with them. */
async function ask(deployment: Deployment, method: string, path: string): Promise<Answer | null> {
  const { api, key, signal, fetch: send = fetch } = deployment;
  const askedAt = Date.now();
  try {
    const response = await send(`${api}${path}`, {
      method,
      headers: path === "/health" ? {} : { apikey: key },
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const text = await response.text();
    return { status: response.status, body: parseJson(text), askedAt, answeredAt: Date.now() };
  } catch {
    signal.throwIfAborted();
    return null;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
