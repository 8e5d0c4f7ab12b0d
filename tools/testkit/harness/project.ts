import "./sanitizers.ts";
import postgres from "postgres";
import { z } from "zod";
import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";
import { createKeysOf, type SigningKeys } from "../signing_keys.ts";

const stackRecord = z.object({
  supabase_url: z.url(),
  publishable_key: z.string(),
  secret_key: z.string(),
  database_url: z.string(),
});

/** The project, as `npm run test:edge` names it in `TEST_STACK`. */
export const stack = (() => {
  const text = Deno.env.get("TEST_STACK");
  if (!text) throw new Error("TEST_STACK is not set: run the tests with npm run test:edge");
  return stackRecord.parse(JSON.parse(text));
})();

/** The project by another name, which stands in answers: another origin that reaches the same Storage. */
export const OTHER_ORIGIN = stack.supabase_url.replace("127.0.0.1", "localhost");

const connect = (role: string) =>
  postgres(stack.database_url, { max: 60, onnotice: () => {}, connection: { role } });

/** Connections to the database as its owner, opened by the first query and closed with the process. */
export const sql = connect("postgres");

/** Runs `use` with a connection pool of its own, as the database's owner or in another role, and closes it. */
export async function withDatabase<Result>(
  use: (sql: postgres.Sql) => Promise<Result>,
  role = "postgres",
): Promise<Result> {
  const pool = connect(role);
  try {
    return await use(pool);
  } finally {
    await pool.end();
  }
}

/** Resolves once `count` statements that look like this wait for a lock. */
export async function waiting(statement: string, count: number): Promise<void> {
  for (const deadline = Date.now() + 20_000;;) {
    const [row] = await sql`
      select count(*)::int as waiting from pg_stat_activity
      where wait_event_type = 'Lock' and query like ${`%${statement}%`} and pid <> pg_backend_pid()`;
    if (row?.waiting === count) return;
    if (Date.now() > deadline) throw new Error(`${row?.waiting} of ${count} wait: ${statement}`);
  }
}

const session = z.object({ access_token: z.string(), user: z.object({ id: z.guid() }) });

export type User = {
  id: string;
  /** As the auth server issued it; verifying it takes a request. */
  accessToken: string;
};

async function signUpWith(body: Record<string, string>): Promise<User> {
  const response = await fetch(`${stack.supabase_url}/auth/v1/signup`, {
    method: "POST",
    headers: { apikey: stack.publishable_key, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const { access_token, user } = session.parse(await response.json());
  return { id: user.id, accessToken: access_token };
}

export const signUp = (): Promise<User> =>
  signUpWith({ email: `${crypto.randomUUID()}@example.com`, password: crypto.randomUUID() });

export const signInAnonymously = (): Promise<User> => signUpWith({});

/** Deletes an account as Auth's admin API does. */
export const deleteAccount = (userId: string) => sql`delete from auth.users where id = ${userId}`;

export type { SigningKeys };

export const createSigningKeys = () => createKeysOf(stack.supabase_url);

/** The signing keys of most tests: an API started with them verifies tokens by itself. */
export const keys = await createSigningKeys();

export async function newUser(): Promise<User & { token: string }> {
  const user = await signUp();
  return { ...user, token: await keys.sign(user.id) };
}

/** What a browser may send past the function. */
export type BrowserRequest = {
  /** A user's own; without it, the public key alone. */
  token?: string | undefined;
  method?: string;
  /** Sent as JSON, bytes unchanged. */
  body?: Bytes | Record<string, unknown>;
  headers?: Record<string, string>;
};

/** One request to the project itself, as any browser could send it with the public key. The body is parsed if it is JSON. */
export async function askProject(path: string, request: BrowserRequest = {}) {
  const { token, method = "GET", body, headers } = request;
  const isBytes = body instanceof Uint8Array;
  const response = await fetch(stack.supabase_url + path, {
    method,
    headers: {
      apikey: stack.publishable_key,
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
      ...(body && !isBytes ? { "Content-Type": "application/json" } : {}),
      ...headers,
    },
    ...(body ? { body: isBytes ? body : JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  const isJson = text !== "" && response.headers.get("content-type")?.includes("json");
  const answered: unknown = isJson ? JSON.parse(text) : text;
  return { status: response.status, body: answered };
}

/** A row of `voices` as a test wants it; the rest is as a modal voice has it. */
export type SavedVoice = {
  name?: string;
  source?: string;
  created_at?: string;
  deleted_at?: string | null;
  id?: string;
  reference_object_key?: string | null;
};

export async function saveVoices(userId: string, ...voices: SavedVoice[]): Promise<string[]> {
  const rows = voices.map((voice) => ({
    ...{ id: crypto.randomUUID(), user_id: userId, name: "Grace", source: "uploaded", deleted_at: null },
    ...{ created_at: new Date().toISOString(), reference_object_key: null },
    ...voice,
  }));
  if (rows.length > 0) await sql`insert into public.voices ${sql(rows)}`;
  return rows.map(({ id }) => id);
}
