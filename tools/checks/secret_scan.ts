/** Text that must not appear in a log or an upload, under a name that may be printed. */
export type Secret = { name: string; isIn(text: string): boolean };

const byForm = (name: string, form: RegExp): Secret => ({ name, isIn: (text) => form.test(text) });
const byValue = (name: string, value: string): Secret => ({ name, isIn: (text) => text.includes(value) });

const KEYS = [
  byForm("a Supabase secret key", /\bsb_secret_\w/),
  byForm("a provider key", /\bsk-[\w-]{8,}/),
  byForm("a JSON Web Token", /\beyJ[\w-]{8,}\./),
];

/** What must not be logged: keys, tokens and audio by their form, the project's keys and the tests' transcripts by value. */
export const secretsOfLog = (
  known: { keys: readonly string[]; transcripts: readonly string[] },
): Secret[] => [
  ...KEYS,
  byForm("a bearer header", /\bBearer \S/),
  byForm("the token of a signed URL", /[?&]token=|\btoken=\S/),
  byForm("a data URL", /\bdata:[\w./+-]+;base64,/),
  ...known.keys.map((key) => byValue("a key of the project", key)),
  ...known.transcripts.map((text) => byValue("a transcript", text)),
];

/** The parts of a value that are too long for a word of the language, without the JSON around them. */
const LONG_PARTS = /[\w.~+/=-]{12,}/g;

/** What must not be uploaded: keys by their form, and the value of each environment variable whose name says it is a secret. */
export const secretsOfUpload = (environment: Readonly<Record<string, string>>): Secret[] => [
  ...KEYS,
  byForm("a Supabase access token", /\bsbp_[0-9a-f]{8}/),
  byForm("a private key", /-----BEGIN [A-Z ]*PRIVATE KEY/),
  ...Object.entries(environment).filter(([name]) => /KEY|TOKEN|SECRET|PASSWORD/i.test(name))
    .flatMap(([name, value]) =>
      (value.match(LONG_PARTS) ?? []).map((part) => byValue(`the value of ${name}`, part))
    ),
];

/** Every line of a text that holds one of the secrets, counted from 1, without the secret itself. */
export function findLeaks(text: string, secrets: readonly Secret[]): { name: string; line: number }[] {
  return text.split("\n").flatMap((line, index) =>
    secrets.filter(({ isIn }) => isIn(line)).map(({ name }) => ({ name, line: index + 1 }))
  );
}
