/** Text that must not appear in a log or an upload, under a name that may be printed. */
export type Secret = { name: string; isIn(text: string): boolean };

const byForm = (name: string, form: RegExp): Secret => ({ name, isIn: (text) => form.test(text) });
const byValue = (name: string, value: string): Secret => ({ name, isIn: (text) => text.includes(value) });

const KEYS = [
  byForm("a Supabase secret key", /\bsb_secret_\w/),
  byForm("a provider key", /\bsk-[\w-]{8,}/),
  byForm("a JSON Web Token", /\beyJ[\w-]{8,}\./),
];

/** Keys, tokens and audio by form, the project's keys and the tests' transcripts by value. */
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

/** The parts of a value that are longer than words, without the JSON around them. */
const LONG_PARTS = /[\w.~+/=-]{12,}/g;

/** Keys by form, and the values of environment variables whose names say that they are secret. */
export const secretsOfUpload = (environment: Readonly<Record<string, string>>): Secret[] => [
  ...KEYS,
  byForm("a Supabase access token", /\bsbp_[0-9a-f]{8}/),
  byForm("a private key", /-----BEGIN [A-Z ]*PRIVATE KEY/),
  ...Object.entries(environment).filter(([name]) => /KEY|TOKEN|SECRET|PASSWORD/i.test(name))
    .flatMap(([name, value]) =>
      (value.match(LONG_PARTS) ?? []).map((part) => byValue(`the value of ${name}`, part))
    ),
];

/** The lines with secrets, counted from 1, without the secrets themselves. */
export function findLeaks(text: string, secrets: readonly Secret[]): { name: string; line: number }[] {
  return text.split("\n").flatMap((line, index) =>
    secrets.filter(({ isIn }) => isIn(line)).map(({ name }) => ({ name, line: index + 1 }))
  );
}
