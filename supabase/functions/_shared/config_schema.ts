import { z } from "zod";
import { ConfigError, type Environment, readAllowedOrigins } from "./environment.ts";
import { isLoopbackHost, isPrivateHost } from "./hosts.ts";
import { parseJson } from "./json.ts";

/** DashScope's regions and their hosts (docs/qwen-api.md). */
const REGION_HOSTS = {
  intl: {
    origin: "https://dashscope-intl.aliyuncs.com",
    hostNames: "dashscope-intl.aliyuncs.com or WORKSPACE.ap-southeast-1.maas.aliyuncs.com",
    hosts: /^(dashscope-intl\.aliyuncs\.com|[a-z0-9-]+\.ap-southeast-1\.maas\.aliyuncs\.com)$/,
  },
  cn: {
    origin: "https://dashscope.aliyuncs.com",
    hostNames: "dashscope.aliyuncs.com or WORKSPACE.cn-beijing.maas.aliyuncs.com",
    hosts: /^(dashscope\.aliyuncs\.com|[a-z0-9-]+\.cn-beijing\.maas\.aliyuncs\.com)$/,
  },
} as const;

const integer = (from: number, to: number, fallback: number) =>
  z.string().optional().transform((text, context) => {
    if (text === undefined) return fallback;
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (value >= from && value <= to) return value;
    context.addIssue(`must be a whole number from ${from} to ${to}`);
    return z.NEVER;
  });

const oneOf = <const T extends readonly [string, ...string[]]>(values: T, fallback: T[number]) =>
  z.enum(values, { error: `must be one of: ${values.join(", ")}` }).default(fallback);

const origin = z.string().transform((text, context) => {
  const url = URL.parse(text);
  if (
    url && /^https?:$/.test(url.protocol) && url.pathname === "/" && !url.search && !url.hash &&
    !url.username && !url.password && !url.hostname.includes("*")
  ) {
    return url.origin;
  }
  context.addIssue("must be an origin such as https://project.supabase.co");
  return z.NEVER;
});

const json = z.string().transform((text, context): unknown => {
  const value = parseJson(text);
  if (value === undefined) context.addIssue("must be JSON");
  return value;
});

/** Hides a name that looks like a key: name and key may have been swapped. */
const shownName = (name: string) => /^(?!sb_)[\w-]{1,32}$/.test(name) ? name : "(not told)";

/** A JSON object of keys by name, reduced to the key to use: `default`, or the only one. */
const keyDictionary = json.pipe(
  z.record(z.string(), z.unknown(), { error: "must be a JSON object of keys by their names" }),
).transform((keys, context): string => {
  const names = Object.keys(keys);
  const refuse = (problem: string) => {
    context.addIssue(problem);
    return z.NEVER;
  };
  const name = "default" in keys ? "default" : names[0];
  if (name === undefined) return refuse("holds no key");
  if (name !== "default" && names.length > 1) {
    const shown = names.map(shownName).join(", ");
    return refuse(`holds several keys and none that is called "default": ${shown}`);
  }
  const key = keys[name];
  if (typeof key === "string" && key !== "") return key;
  return refuse(`must hold text that is not empty as its key "${shownName(name)}"`);
});

const jwk = z.looseObject({
  kty: z.enum(["RSA", "EC", "oct"]),
  key_ops: z.array(z.string()).default(["verify"]),
  kid: z.string().optional(),
});

/**
 * A JSON Web Key Set (RFC 7517, 5), or its bare array of keys. Ignores keys of other types: the platform decides what it
 * publishes.
 */
const jwks = json.pipe(
  z.union([z.object({ keys: z.array(z.unknown()) }).transform(({ keys }) => keys), z.array(z.unknown())], {
    error: 'must be a JSON Web Key Set: {"keys": […]}, or the array alone',
  }),
).transform((keys) => ({ keys: keys.flatMap((key) => jwk.safeParse(key).data ?? []) }));

const common = z.object({
  SUPABASE_URL: z.string({ error: "is required" }).pipe(origin),
  PUBLIC_SUPABASE_URL: origin.optional(),
  SUPABASE_SECRET_KEYS: keyDictionary.optional(),
  SUPABASE_SERVICE_ROLE_KEY: z.string().optional(),
  SUPABASE_PUBLISHABLE_KEYS: keyDictionary.optional(),
  SUPABASE_ANON_KEY: z.string().optional(),
  SUPABASE_JWKS: jwks.optional(),
  TTS_PROVIDER_MODE: oneOf(["qwen", "modal"], "qwen"),
  QWEN_MAX_TEXT_CHARS: integer(1, 10_000, 600),
  REFERENCE_AUDIO_POLICY: oneOf(["enforce", "warn"], "enforce"),
  CLONE_ATTEMPTS_PER_HOUR: integer(1, 1_000_000, 20),
  CLONE_LIMIT_PER_HOUR: integer(1, 1_000_000, 10),
  CLONE_LIMIT_PER_DAY: integer(1, 1_000_000, 50),
  UPLOAD_URL_LIMIT_PER_HOUR: integer(1, 1_000_000, 60),
  CORS_ALLOWED_ORIGINS: z.string().optional(),
});

const qwen = z.object({
  DASHSCOPE_API_KEY: z.string({ error: "is required in qwen mode" }).regex(
    /^[\x21-\x7e]+$/,
    "must be printable ASCII without spaces",
  ),
  DASHSCOPE_REGION: oneOf(["intl", "cn"], "intl"),
  DASHSCOPE_BASE_URL: z.string().optional(),
  QWEN_VC_TARGET_MODEL: z.string().regex(
    /^[a-z0-9][a-z0-9.-]{1,63}$/,
    "must be a model name",
  ).default("qwen3-tts-vc-2026-01-22"),
  QWEN_REFERENCE_DELIVERY: oneOf(["auto", "signed_url", "data_url"], "auto"),
  QWEN_SIGNED_URL_TTL_SECONDS: integer(30, 3600, 300),
  QWEN_TIMEOUT_MS: integer(1_000, 90_000, 60_000),
});

/** The DashScope origin to call: the region's default, another host of the region, or a simulator on loopback. */
function dashscopeOrigin(
  region: keyof typeof REGION_HOSTS,
  given: string | undefined,
): { origin: string } | { problem: string } {
  const { origin, hostNames, hosts } = REGION_HOSTS[region];
  if (given === undefined) return { origin };
  const refuse = (what: string) => ({ problem: `must be a host of the region ${region}: ${what}` });
  const url = URL.parse(given.replace(/\/+$/, "").replace(/\/api\/v1$/, ""));
  if (!url || url.search || url.hash || url.username || url.password) return refuse(hostNames);
  const isOfRegion = url.protocol === "https:" && url.port === "" && hosts.test(url.hostname);
  const isStandIn = /^https?:$/.test(url.protocol) && isLoopbackHost(url.hostname);
  if (!isOfRegion && !isStandIn) return refuse(hostNames);
  if (url.pathname === "/") return { origin: url.origin };
  // The provider's console shows the base URL of its OpenAI-compatible API first.
  return /^[\w/.-]{1,64}$/.test(url.pathname)
    ? refuse(`set ${url.origin} alone, without the path ${url.pathname}`)
    : refuse(hostNames);
}

/**
 * The configuration of a process. Modal mode ignores Qwen's variables: it must work while those are broken.
 * @throws {ConfigError} with the problems of all variables
 */
export function parseConfig(environment: Environment) {
  const problems: { variable: string; problem: string }[] = [];
  const read = <Output>(schema: z.ZodType<Output>): Output | undefined => {
    const result = schema.safeParse(environment);
    if (result.success) return result.data;
    for (const issue of result.error.issues) {
      const variable = String(issue.path[0]);
      if (!problems.some((known) => known.variable === variable)) {
        problems.push({ variable, problem: issue.message });
      }
    }
  };

  const base = read(common);
  const mode = base?.TTS_PROVIDER_MODE ?? environment.TTS_PROVIDER_MODE ?? "qwen";
  const dashscope = mode === "modal" ? undefined : read(qwen);
  const region = environment.DASHSCOPE_REGION === "cn" ? "cn" : "intl";
  const provider = mode === "modal" ? undefined : dashscopeOrigin(region, environment.DASHSCOPE_BASE_URL);
  if (provider && "problem" in provider) {
    problems.push({ variable: "DASHSCOPE_BASE_URL", problem: provider.problem });
  }
  if (!environment.SUPABASE_SECRET_KEYS && !environment.SUPABASE_SERVICE_ROLE_KEY) {
    problems.push({
      variable: "SUPABASE_SECRET_KEYS",
      problem: "is required (or SUPABASE_SERVICE_ROLE_KEY)",
    });
  }
  if (!environment.SUPABASE_PUBLISHABLE_KEYS && !environment.SUPABASE_ANON_KEY) {
    problems.push({ variable: "SUPABASE_PUBLISHABLE_KEYS", problem: "is required (or SUPABASE_ANON_KEY)" });
  }
  const allowedOrigins = readAllowedOrigins(environment);
  if (!allowedOrigins.every((item) => item === "*" || origin.safeParse(item).data === item)) {
    problems.push({ variable: "CORS_ALLOWED_ORIGINS", problem: "must be * or a comma list of origins" });
  }

  const secretKey = base && (base.SUPABASE_SECRET_KEYS ?? base.SUPABASE_SERVICE_ROLE_KEY);
  const publishableKey = base && (base.SUPABASE_PUBLISHABLE_KEYS ?? base.SUPABASE_ANON_KEY);
  if (problems.length > 0 || !base || !secretKey || !publishableKey) throw new ConfigError(problems);

  const publicUrl = base.PUBLIC_SUPABASE_URL ?? base.SUPABASE_URL;
  return {
    supabase: { url: base.SUPABASE_URL, publicUrl, secretKey, publishableKey, jwks: base.SUPABASE_JWKS },
    mode: base.TTS_PROVIDER_MODE,
    qwen: dashscope && provider && "origin" in provider
      ? {
        apiKey: dashscope.DASHSCOPE_API_KEY,
        region: dashscope.DASHSCOPE_REGION,
        baseUrl: provider.origin,
        targetModel: dashscope.QWEN_VC_TARGET_MODEL,
        delivery: chooseDelivery(dashscope, publicUrl),
        signedUrlTtlSeconds: dashscope.QWEN_SIGNED_URL_TTL_SECONDS,
        timeoutMs: dashscope.QWEN_TIMEOUT_MS,
      }
      : undefined,
    maxTextChars: base.QWEN_MAX_TEXT_CHARS,
    referenceAudioPolicy: base.REFERENCE_AUDIO_POLICY,
    limits: {
      attemptsPerHour: base.CLONE_ATTEMPTS_PER_HOUR,
      perHour: base.CLONE_LIMIT_PER_HOUR,
      perDay: base.CLONE_LIMIT_PER_DAY,
      uploadUrlsPerHour: base.UPLOAD_URL_LIMIT_PER_HOUR,
    },
    allowedOrigins,
  };
}

export type Config = ReturnType<typeof parseConfig>;

/** The variables that the schema reads, and whether each is set. */
export function readVariables(environment: Environment): { name: string; set: boolean }[] {
  return [...Object.keys(common.shape), ...Object.keys(qwen.shape)]
    .map((name) => ({ name, set: environment[name] !== undefined }));
}

/** The secret key, even if other variables are invalid; undefined if it is invalid itself. */
export function readSecretKey(environment: Environment): string | undefined {
  const { SUPABASE_SECRET_KEYS, SUPABASE_SERVICE_ROLE_KEY } = environment;
  return keyDictionary.safeParse(SUPABASE_SECRET_KEYS).data ?? SUPABASE_SERVICE_ROLE_KEY;
}

/** The other region, to which the key may belong, with its host; null with a simulator on loopback. */
export function otherRegion({ region, baseUrl }: { region: string; baseUrl: string }) {
  if (isLoopbackHost(new URL(baseUrl).hostname)) return null;
  const other = region === "cn" ? "intl" : "cn";
  return { region: other, baseUrl: REGION_HOSTS[other].origin };
}

/** `auto` sends a data URL if a remote provider could not fetch the clip from a private origin. */
function chooseDelivery(settings: z.output<typeof qwen>, publicUrl: string): "signed_url" | "data_url" {
  if (settings.QWEN_REFERENCE_DELIVERY !== "auto") return settings.QWEN_REFERENCE_DELIVERY;
  const provider = URL.parse(settings.DASHSCOPE_BASE_URL ?? "");
  const providerIsNear = provider !== null && isLoopbackHost(provider.hostname);
  return isPrivateHost(new URL(publicUrl).hostname) && !providerIsNear ? "data_url" : "signed_url";
}
