import { parseArgs } from "node:util";
import { readBaseUrl } from "../operator_options.ts";

/** What `--help` prints. */
export const usage =
  `Clones a voice and has it speak, as a person with curl would: sign up, upload-url, PUT, finalize, list, generate, and
fetch the audio, which is saved.

  npm run smoke                     against the running stack, or one that is brought up for this run
  npm run smoke -- [options]

Another deployment
  --supabase URL     the project, such as https://abcdefgh.supabase.co
  --key KEY          its publishable key
  --api URL          the API, when it is not at SUPABASE/functions/v1/api
  --token JWT        a user's access token: skips the sign-up

Another clip
  --file CLIP        a wav, mp3 or m4a file
  --transcript TEXT  what it says (needed with --file)
  --language NAME    the language it says it in (English)
  --name NAME        the voice's name (Smoke test)

What it says
  --text TEXT        in the clip's language
  --out FILE         where the WAV is saved (.local/smoke.wav)

  --data DIR         the data folder of the stack to look for (.local)
  --help             this text
`;

const text = { type: "string" } as const;
const parsedOptions = {
  help: { type: "boolean", short: "h", default: false },
  data: text,
  api: text,
  supabase: text,
  key: text,
  token: text,
  file: text,
  name: { ...text, default: "Smoke test" },
  language: { ...text, default: "English" },
  transcript: text,
  text,
  out: text,
} as const;

export type SmokeOptions = ReturnType<typeof parseOptions>;

/**
 * Reads the command line. `api` follows from `supabase` where only that is given.
 * @throws {Error} with a sentence for an option that is unknown, empty, or lacks another one
 */
export function parseOptions(args: string[]) {
  const { values } = parseArgs({ args, allowPositionals: false, options: parsedOptions });
  for (const [option, value] of Object.entries(values)) {
    if (value === "") throw new Error(`--${option} is empty.`);
  }
  const { data: dataDir, ...rest } = values;
  const supabase = readBaseUrl("--supabase", rest.supabase);
  const api = readBaseUrl("--api", rest.api) ?? (supabase && `${supabase}/functions/v1/api`);
  if (rest.file !== undefined && rest.transcript === undefined) {
    throw new Error("--file needs --transcript: what the clip says.");
  }
  const canSignUp = supabase !== undefined && rest.key !== undefined;
  if (api !== undefined && rest.token === undefined && !canSignUp) {
    throw new Error("Another deployment needs --token, or --supabase and --key to sign up with.");
  }
  return { ...rest, dataDir, supabase, api };
}
