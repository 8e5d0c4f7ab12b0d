/** The commands that mend a deployment, as sentences. They differ between the local stack and a hosted project. */
export type Remedies = ReturnType<typeof createRemedies>;

/** @param options.local whether the deployment is a stack of `npm start` */
export function createRemedies({ local }: { local: boolean }) {
  return {
    /** Sets a variable of the function. */
    set: (variable: string, value: string) =>
      local
        ? `Set ${variable}=${value} in .env, or in the environment where it is set there, and start npm start again.`
        : `npx supabase secrets set ${variable}=${value}`,
    /** Takes a variable of the function away. */
    unset: (variable: string) =>
      local
        ? `Take ${variable} out of .env and the environment, and start npm start again.`
        : `npx supabase secrets unset ${variable}`,
    /** Brings the function to this checkout's version. */
    deploy: local
      ? "Stop npm start, and start it from this checkout."
      : "npx supabase functions deploy api --use-api",
    /** Applies the migrations that are not applied yet. */
    migrate: local
      ? "Stop npm start, and start it from this checkout: it applies them."
      : "npx supabase db push",
    /** Has the database run a statement. */
    sql: (statement: string) =>
      local
        ? `Run as postgres, at the database_url of stack.json: ${statement};`
        : `Run in the project's SQL editor: ${statement};`,
    /** Where to see why something failed. */
    logs: local
      ? "See the lines above, and the terminal of npm start."
      : "The function's log says why (Logs, Edge Functions).",
  };
}
