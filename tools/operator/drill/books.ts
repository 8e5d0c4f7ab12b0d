import { z } from "zod";
import { openDatabase } from "../../stack/postgres/project_database.ts";

/** What the playbook has the operator ask the ledger. */
export const OPEN_ENROLLMENTS = "select state, count(*), count(unresolved_since) as unresolved " +
  "from private.voice_enrollments group by state order by state;";
/** What it has the operator ask the queue. */
export const OPEN_TASKS = "select status, count(*) from public.tasks group by status order by status;";

const enrollments = z.array(
  z.object({ state: z.string(), count: z.coerce.number(), unresolved: z.coerce.number() }),
);
const tasks = z.array(z.object({ status: z.string(), count: z.coerce.number() }));
const rows = z.array(z.record(z.string(), z.unknown()));

/** What the database knows, as its owner sees it in the SQL editor. */
export type Books = ReturnType<typeof openBooks>;

/** Opens the database at this URL. */
export function openBooks(url: string) {
  const sql = openDatabase(url);
  return {
    /** The answers to the playbook's two questions. */
    open: async () => ({
      enrollments: enrollments.parse([...await sql.unsafe(OPEN_ENROLLMENTS)]),
      tasks: tasks.parse([...await sql.unsafe(OPEN_TASKS)]),
    }),
    /** Lets the pause of a task that was put back be over, in place of the time that passes. */
    endPause: async (taskId: string): Promise<void> =>
      void await sql`update public.tasks set run_after = clock_timestamp() where id = ${taskId}`,
    /** A task whole, with what only the queue knows. */
    task: async (taskId: string) =>
      rows.parse([...await sql`select * from public.tasks where id = ${taskId}`]),
    close: () => sql.end({ timeout: 1 }),
  };
}
