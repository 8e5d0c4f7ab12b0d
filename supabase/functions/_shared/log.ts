export type LogFields = Readonly<Record<string, unknown>>;

export type LogLevel = "info" | "warn" | "error";

export interface Log {
  /** Writes one JSON line: `{ time, level, event, …fields }`. */
  event(level: LogLevel, event: string, fields?: LogFields): void;
  /** The same log with these fields on every event. */
  with(fields: LogFields): Log;
}

/** Fields whose values are never written. */
const SECRET_FIELD =
  /authorization|apikey|api_key|secret|password|passwd|cookie|jwt|^token$|_token$|transcript|signed|upload_url|^url$|_url$|audio|^text$/i;

/** Secrets recognized in any text: keys, JWTs, bearer headers, URLs with a query, data URLs. */
const SECRET_VALUE = [
  /\bsb_(?:secret|publishable|temp)_[\w-]+/g,
  /\bsk-[\w.-]{6,}/g,
  /\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?/g,
  /\bBearer\s+\S+/gi,
  /\bdata:[\w./+-]+;base64,[\w+/=]*/gi,
  /\b(?:https?|postgres(?:ql)?):\/\/[^\s"'<>]*[?@][^\s"'<>]*/gi,
  /\btoken=[^\s"'&<>]+/gi,
];

const REDACTED = "[redacted]";

/** The maximum length of a text, in UTF-16 units. */
const TEXT_LIMIT = 2000;

/** Reads beyond the limit: half a secret would not be recognized. */
function redactText(text: string): string {
  const safe = SECRET_VALUE.reduce(
    (result, pattern) => result.replace(pattern, REDACTED),
    text.slice(0, 2 * TEXT_LIMIT),
  );
  return text.length > TEXT_LIMIT ? `${safe.slice(0, TEXT_LIMIT)}…` : safe;
}

/** A loggable copy of `value`, without keys, tokens, signed URLs, transcripts or audio; errors as name, message and cause. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value === "bigint") return value.toString();
  if (value === null || typeof value !== "object") return typeof value === "function" ? REDACTED : value;
  if (depth > 5) return "…";
  if (value instanceof Error) {
    return {
      name: value.name,
      message: redact(value.message),
      ...(value.cause === undefined ? {} : { cause: redact(value.cause, depth + 1) }),
    };
  }
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return REDACTED;
  if (Array.isArray(value)) return value.slice(0, 100).map((item) => redact(item, depth + 1));
  return redactFields(value, depth);
}

function redactFields(fields: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields)
      .map(([key, item]) => [key, SECRET_FIELD.test(key) ? REDACTED : redact(item, depth + 1)]),
  );
}

/** A log that writes one redacted JSON line per event, without a newline. */
export function createLog(options: { write: (level: LogLevel, line: string) => void; now: () => Date }): Log {
  const build = (common: LogFields): Log => ({
    event(level, event, fields = {}) {
      const time = options.now().toISOString();
      options.write(
        level,
        JSON.stringify({ time, level, event, ...redactFields({ ...common, ...fields }, 0) }),
      );
    },
    with: (fields) => build({ ...common, ...fields }),
  });
  return build({});
}
