const stack = {
  set: (variable: string, value: string) =>
    `Set ${variable}=${value} in .env, or in the environment where it is set there, and start npm start again.`,
  unset: (variable: string) => `Remove ${variable} from .env and the environment, and start npm start again.`,
  deploy: "Stop npm start, and start it from this checkout.",
  migrate: "Stop npm start, and start it from this checkout: it applies them.",
  sql: (statements: string) => `Run as postgres, at the database_url of stack.json: ${statements};`,
  logs: "See the lines above, and the terminal of npm start.",
};

export type Remedies = typeof stack;

const hosted: Remedies = {
  set: (variable, value) => `npx supabase secrets set ${variable}=${value}`,
  unset: (variable) => `npx supabase secrets unset ${variable}`,
  deploy: "npx supabase functions deploy api --use-api",
  migrate: "npx supabase db push",
  sql: (statements) => `Run in the project's SQL editor: ${statements};`,
  logs: "The function's log says why (Logs, Edge Functions).",
};

/** For a stack of `npm start`, and for a hosted project. */
export const REMEDIES = { stack, hosted };
