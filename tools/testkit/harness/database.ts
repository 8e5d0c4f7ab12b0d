import postgres from "postgres";
import { stack } from "./stack.ts";

/** Runs `use` with a connection pool to the tests' database, as its owner or in another role, and closes it. */
export async function withDatabase<Result>(
  use: (sql: postgres.Sql) => Promise<Result>,
  role = "postgres",
): Promise<Result> {
  const sql = postgres(stack.database_url, { max: 60, onnotice: () => {}, connection: { role } });
  try {
    return await use(sql);
  } finally {
    await sql.end();
  }
}
