import type { Environment } from "../../stack/function/function_environment.ts";

/** What must never be uploaded, by a name that may be told. */
export type Secret = {
  name: string;
  /** Whether it stands in a text. */
  isIn(text: string): boolean;
};

/** Keys by their form: Supabase's, the provider's, a token's, a private key's. */
const FORMS: [name: string, pattern: RegExp][] = [
  ["a Supabase secret key", /\bsb_secret_\w/],
  ["a Supabase access token", /\bsbp_[0-9a-f]{8}/],
  ["a provider key", /\bsk-[\w-]{8,}/],
  ["a JSON Web Token", /\beyJ[\w-]{8,}\./],
  ["a private key", /-----BEGIN [A-Z ]*PRIVATE KEY/],
];

const IS_SECRET = /KEY|TOKEN|SECRET|PASSWORD/i;
/** Of a value, what is long enough to be no word of the language; JSON around it is left out. */
const VALUE = /[\w.~+/=-]{12,}/g;

/** Keys by their form, and by their value those of an environment's variables that are named as such. */
export function secretsOf(environment: Environment): Secret[] {
  const byValue = Object.entries(environment).filter(([name]) => IS_SECRET.test(name)).flatMap((
    [name, value],
  ) =>
    (value.match(VALUE) ?? []).map((part) => ({
      name: `the value of ${name}`,
      isIn: (text: string) => text.includes(part),
    }))
  );
  return [
    ...FORMS.map(([name, pattern]) => ({ name, isIn: (text: string) => pattern.test(text) })),
    ...byValue,
  ];
}
