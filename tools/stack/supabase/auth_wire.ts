import { decodeJwt, SignJWT } from "jose";
import { z } from "zod";
import type { Database } from "../postgres/project_database.ts";
import type { Keys } from "../keys.ts";

const user = z.looseObject({ id: z.string(), is_anonymous: z.boolean() });
const session = z.looseObject({ access_token: z.string(), user: user.optional() });
const signUpBody = z.looseObject({ email: z.string().nullish(), phone: z.string().nullish() });

/**
 * Puts what hosted Auth has and the embedded one lacks in front of it: the claims `iss`, `aal`, `amr`, `is_anonymous`,
 * `app_metadata` and `user_metadata` in access tokens (https://supabase.com/docs/guides/auth/jwt-fields), and anonymous sign-in.
 */
export function createAuthWire(
  { embedded, database, keys, issuer }: {
    embedded: (request: Request) => Promise<Response>;
    database: Database;
    keys: Keys;
    /** `iss` of the tokens: the project's URL and `/auth/v1`. */
    issuer: string;
  },
): (request: Request) => Promise<Response> {
  const secret = new TextEncoder().encode(keys.jwtSecret);

  async function isAnonymous(userId: string): Promise<boolean> {
    const [row] = await database`select is_anonymous from auth.users where id = ${userId}`;
    return row?.is_anonymous === true;
  }

  async function toHostedSession(value: z.infer<typeof session>): Promise<unknown> {
    const claims = decodeJwt(value.access_token);
    const anonymous = await isAnonymous(claims.sub ?? "");
    const access_token = await new SignJWT({
      aal: "aal1",
      amr: [{ method: anonymous ? "anonymous" : "password", timestamp: claims.iat ?? 0 }],
      phone: "",
      app_metadata: value.user?.app_metadata ?? {},
      user_metadata: value.user?.user_metadata ?? {},
      ...claims,
      ...(anonymous ? { email: "" } : {}),
      is_anonymous: anonymous,
      iss: issuer,
    }).setProtectedHeader({ alg: "HS256", typ: "JWT" }).sign(secret);
    const user = value.user ? { user: { ...value.user, is_anonymous: anonymous } } : {};
    return { ...value, access_token, ...user };
  }

  async function toHosted(response: Response): Promise<Response> {
    if (!response.ok || !response.headers.get("content-type")?.includes("json")) return response;
    const headers = new Headers(response.headers);
    headers.delete("content-length");
    const body: unknown = await response.json();
    const withToken = session.safeParse(body);
    if (withToken.success) return Response.json(await toHostedSession(withToken.data), { headers });
    const plain = user.safeParse(body);
    const hosted = plain.success ? { ...plain.data, is_anonymous: await isAnonymous(plain.data.id) } : body;
    return Response.json(hosted, { status: response.status, headers });
  }

  /** Signs up with an address nobody has, then takes away what makes the user more than anonymous. */
  async function signUpAnonymously(request: Request, body: object): Promise<Response> {
    const email = `${crypto.randomUUID()}@anonymous.invalid`;
    const headers = new Headers(request.headers);
    headers.delete("content-length");
    const account = JSON.stringify({ ...body, email, password: crypto.randomUUID() });
    const response = await embedded(new Request(request.url, { method: "POST", headers, body: account }));
    if (!response.ok) return response;
    const created = session.parse(await response.json());
    const id = decodeJwt(created.access_token).sub ?? "";
    await database.begin(async (transaction) => {
      await transaction`delete from auth.identities where user_id = ${id}`;
      await transaction`
        update auth.users set is_anonymous = true, email = null, encrypted_password = null, email_confirmed_at = null,
          raw_app_meta_data = '{}', raw_user_meta_data = '{}'
        where id = ${id}`;
    });
    const anonymous = { email: "", app_metadata: {}, user_metadata: {}, identities: [], is_anonymous: true };
    return Response.json(await toHostedSession({ ...created, user: { ...created.user, ...anonymous, id } }));
  }

  return async (request) => {
    const { pathname } = new URL(request.url);
    if (request.method === "POST" && pathname === "/auth/v1/signup") {
      const text = await request.text();
      const body = signUpBody.safeParse(parseJson(text));
      if (body.success && !body.data.email && !body.data.phone) {
        return await signUpAnonymously(request, body.data);
      }
      const { url, headers } = request;
      return await toHosted(await embedded(new Request(url, { method: "POST", headers, body: text })));
    }
    return await toHosted(await embedded(request));
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
