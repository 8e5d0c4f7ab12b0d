import { parseArgs } from "node:util";

/** What the smoke run is asked to do. */
export interface SmokeOptions {
  readonly help: boolean;
  /** The data folder of the stack to look for; the repository's `.local` when not given. */
  readonly dataDir?: string;
  /** Base URL of the API; derived from `supabase` when only that is given. */
  readonly api?: string;
  readonly supabase?: string;
  readonly key?: string;
  readonly token?: string;
  /** The clip's path; the project's own clip when not given. */
  readonly file?: string;
  readonly name: string;
  readonly language: string;
  readonly transcript?: string;
  /** What the voice says, in the clip's language; a sentence of the project's own, in English, when not given. */
  readonly text?: string;
  /** The path of the WAV that is saved; `.local/smoke.wav` of the repository when not given. */
  readonly out?: string;
}

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

/** Reads the command line. Throws a sentence for an option that is unknown, empty, or lacks another one. */
export function parseOptions(args: string[]): SmokeOptions {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args,
    allowPositionals: false,
    options: {
      help: { type: "boolean", short: "h" },
      data: text,
      api: text,
      supabase: text,
      key: text,
      token: text,
      file: text,
      name: text,
      language: text,
      transcript: text,
      text,
      out: text,
    },
  });
  for (const [option, value] of Object.entries(values)) {
    if (value === "") throw new Error(`--${option} is empty.`);
  }
  const { help = false, data, name = "Smoke test", language = "English", ...rest } = values;
  for (const option of ["api", "supabase"] as const) {
    const url = rest[option];
    if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
      throw new Error(`--${option} is not an http(s) URL.`);
    }
  }
  if (rest.file !== undefined && rest.transcript === undefined) {
    throw new Error("--file needs --transcript: what the clip says.");
  }
  const canSignUp = rest.supabase !== undefined && rest.key !== undefined;
  if ((rest.api !== undefined || rest.supabase !== undefined) && rest.token === undefined && !canSignUp) {
    throw new Error("Another deployment needs --token, or --supabase and --key to sign up with.");
  }
  return {
    help,
    dataDir: data,
    name,
    language,
    ...rest,
    api: (rest.api ?? (rest.supabase && `${rest.supabase.replace(/\/+$/, "")}/functions/v1/api`))?.replace(
      /\/+$/,
      "",
    ),
    supabase: rest.supabase?.replace(/\/+$/, ""),
  };
}
