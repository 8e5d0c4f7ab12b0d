/** What must never stand in a log, by a name that may be told. */
export type Secret = { name: string; pattern: RegExp };

/** A line that holds a secret. What it holds is not repeated. */
export type Leak = { name: string; line: number };

/** Matches this text as it stands. */
function exactly(text: string): RegExp {
  return new RegExp(text.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&"));
}

/**
 * Keys, tokens, signed URLs and audio by their shape, and by their value what has none: the project's own keys and the
 * transcripts that the tests send.
 */
export function createSecrets(known: { keys: readonly string[]; transcripts: readonly string[] }): Secret[] {
  return [
    { name: "a Supabase secret key", pattern: /\bsb_secret_\w/ },
    { name: "a provider key", pattern: /\bsk-[\w-]{8,}/ },
    { name: "a JSON Web Token", pattern: /\beyJ[\w-]{8,}\./ },
    { name: "a bearer header", pattern: /\bBearer \S/ },
    { name: "the token of a signed URL", pattern: /[?&]token=|\btoken=\S/ },
    { name: "a data URL", pattern: /\bdata:[\w./+-]+;base64,/ },
    ...known.keys.map((key) => ({ name: "a key of the project", pattern: exactly(key) })),
    ...known.transcripts.map((text) => ({ name: "a transcript", pattern: exactly(text) })),
  ];
}

/** Every line of a text that holds one of the secrets, the first being line 1. */
export function findLeaks(text: string, secrets: readonly Secret[]): Leak[] {
  return text.split("\n").flatMap((line, index) =>
    secrets.filter(({ pattern }) => pattern.test(line)).map(({ name }) => ({ name, line: index + 1 }))
  );
}
