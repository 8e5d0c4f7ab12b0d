const stack = {
  /** Sets a variable of the function. */
  set: (variable: string, value: string) =>
    `Set ${variable}=${value} in .env, or in the environment where it is set there, and start npm start again.`,
  /** Takes a variable of the function away. */
  unset: (variable: string) => `Take ${variable} out of .env and the environment, and start npm start again.`,
  /** Brings the function to this checkout's version. */
  deploy: "Stop npm start, and start it from this checkout.",
  /** Applies the migrations that are not applied yet. */
  migrate: "Stop npm start, and start it from this checkout: it applies them.",
  /** Has the database run statements. */
  sql: (statements: string) => `Run as postgres, at the database_url of stack.json: ${statements};`,
  /** Where to see why something failed. */
  logs: "See the lines above, and the terminal of npm start.",
};

/** The commands that mend a deployment, as sentences. */
export type Remedies = typeof stack;

const hosted: Remedies = {
  set: (variable, value) => `npx supabase secrets set ${variable}=${value}`,
  unset: (variable) => `npx supabase secrets unset ${variable}`,
  deploy: "npx supabase functions deploy api --use-api",
  migrate: "npx supabase db push",
  sql: (statements) => `Run in the project's SQL editor: ${statements};`,
  logs: "The function's log says why (Logs, Edge Functions).",
};

/** Remedies for a stack of `npm start`, and for a hosted project. */
export const REMEDIES = { stack, hosted };
