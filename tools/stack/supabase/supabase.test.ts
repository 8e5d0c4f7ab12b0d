// The embedded auth, REST and Storage as supabase-js meets them. Storage's wire format has its own contract test.
import assert from "node:assert/strict";
import { createClient } from "@supabase/supabase-js";
import { decodeJwt } from "jose";
import postgres from "postgres";
import { type Intercept } from "./gateway.ts";
import { redirectConsole } from "../library_output.ts";
import { startTemporaryStack } from "../temporary_stack.ts";

const lines: string[] = [];
const log = (line: string) => void lines.push(line);
redirectConsole(log);
let intercept: Intercept = () => Promise.resolve(null);
const stack = await startTemporaryStack({ log, intercept: (request, next) => intercept(request, next) });
const { supabase_url, publishable_key, secret_key } = stack.record;

Deno.test.afterAll(stack.stop);

const client = (key = publishable_key) =>
  createClient(supabase_url, key, { auth: { persistSession: false, autoRefreshToken: false } });

const wavOf = (text: string) => new Blob([text], { type: "audio/wav" });

async function signedUp() {
  const mine = client();
  const email = `${crypto.randomUUID()}@example.com`;
  const { data, error } = await mine.auth.signUp({ email, password: "password1" });
  assert.equal(error, null);
  return { mine, user: data.user, token: data.session?.access_token ?? "" };
}

Deno.test("a token has hosted Auth's claims, and stays that of its user when it is refreshed", async () => {
  const { mine, user, token } = await signedUp();
  const refreshed = await mine.auth.refreshSession();
  for (const jwt of [token, refreshed.data.session?.access_token ?? ""]) {
    const { iss, sub, aud, role, is_anonymous, aal } = decodeJwt(jwt);
    assert.deepEqual({ iss, sub, aud, role, is_anonymous, aal }, {
      iss: `${supabase_url}/auth/v1`,
      sub: user?.id,
      aud: "authenticated",
      role: "authenticated",
      is_anonymous: false,
      aal: "aal1",
    });
  }
  assert.equal((await mine.auth.getUser()).data.user?.id, user?.id);
  assert.equal((await mine.auth.getClaims()).data?.claims.sub, user?.id);
});

Deno.test("anonymous sign-in makes a user who is anonymous, in token and account, as often as wanted", async () => {
  const ids = new Set<string | undefined>();
  for (const anonymous of [client(), client()]) {
    const { data, error } = await anonymous.auth.signInAnonymously();
    assert.equal(error, null);
    assert.equal(data.user?.is_anonymous, true);
    const { is_anonymous, email, role } = decodeJwt(data.session?.access_token ?? "");
    assert.deepEqual({ is_anonymous, email, role }, { is_anonymous: true, email: "", role: "authenticated" });
    assert.equal((await anonymous.auth.getUser()).data.user?.is_anonymous, true);
    const again = await anonymous.auth.refreshSession();
    assert.equal(decodeJwt(again.data.session?.access_token ?? "").is_anonymous, true);
    ids.add(data.user?.id);
  }
  assert.equal(ids.size, 2);
});

Deno.test("REST keeps what the migrations revoke, whoever asked before", async () => {
  const { mine, user } = await signedUp();
  assert.deepEqual((await mine.from("voices").select("id")).data, []);
  const row = { id: crypto.randomUUID(), user_id: user?.id, name: "x" };
  assert.equal((await mine.from("voices").insert(row)).error?.code, "42501");
  assert.equal((await client().from("voices").insert(row)).error?.code, "42501");
  assert.equal((await client(secret_key).from("voices").select("id")).error, null);
  const database = postgres(stack.record.database_url, { max: 1 });
  const granted = await database`
    select grantee, privilege_type from information_schema.role_table_grants
    where table_schema = 'public' and table_name = 'voices' and grantee in ('anon', 'authenticated')
      and privilege_type in ('INSERT', 'UPDATE', 'DELETE')`;
  await database.end();
  assert.deepEqual([...granted], []);
});

Deno.test("migrations and database_url have a role that is no superuser", async () => {
  const database = postgres(stack.record.database_url, { max: 1 });
  const [role] = await database`select rolname, rolsuper from pg_roles where rolname = current_user`;
  const [table] = await database`select tableowner from pg_tables where tablename = 'voices'`;
  await database.end();
  assert.deepEqual({ ...role, ...table }, { rolname: "postgres", rolsuper: false, tableowner: "postgres" });
});

Deno.test("supabase-js gets through all of Storage's calls", async () => {
  const clip = wavOf("hello");
  const files = client(secret_key).storage.from("references");
  const key = "u/v/reference.wav";
  const upload = await files.createSignedUploadUrl(key);
  const visitor = client().storage.from("references");
  const sent = await visitor.uploadToSignedUrl(key, upload.data?.token ?? "", clip);
  assert.deepEqual([sent.error, sent.data?.fullPath], [null, `references/${key}`]);
  const info = await files.info(key);
  assert.deepEqual([info.data?.size, info.data?.contentType], [5, "audio/wav"]);
  assert.deepEqual([(await files.exists(key)).data, (await files.exists("u/v/other")).data], [true, false]);
  assert.deepEqual((await files.list("u/v")).data?.map(({ name }) => name), ["reference.wav"]);
  const signed = await files.createSignedUrl(key, 60);
  assert.equal(await (await fetch(signed.data?.signedUrl ?? "")).text(), "hello");
  const several = await files.createSignedUrls([key, "u/none"], 60);
  const signedOf = several.data?.map(({ path, error }) => [path, error === null]);
  assert.deepEqual(signedOf, [[key, true], ["u/none", false]]);
  assert.equal(await (await files.download(key)).data?.text(), "hello");

  assert.equal((await files.upload("u/w/a.wav", clip)).data?.fullPath, "references/u/w/a.wav");
  assert.equal((await files.upload("u/w/a.wav", clip)).error?.message, "The resource already exists");
  assert.equal((await files.upload("u/w/a.wav", wavOf("longer"), { upsert: true })).error, null);
  assert.equal((await files.info("u/w/a.wav")).data?.size, 6);
  assert.equal((await files.move("u/w/a.wav", "u/w/b.wav")).error, null);
  assert.equal((await files.copy("u/w/b.wav", "u/w/c.wav")).data?.path, "references/u/w/c.wav");
  assert.deepEqual((await files.list("u/w")).data?.map(({ name }) => name), ["b.wav", "c.wav"]);
  assert.equal((await files.remove([key, "u/w/b.wav", "u/w/c.wav", "u/none"])).data?.length, 3);
  assert.deepEqual((await files.list("u")).data, []);
});

Deno.test("users neither write to the references nor see them", async () => {
  const { mine } = await signedUp();
  const files = mine.storage.from("references");
  const service = client(secret_key).storage.from("references");
  await service.upload("x/y/reference.wav", wavOf("a"));
  assert.equal((await files.upload("x/z.wav", wavOf("a"))).error?.statusCode, "403");
  assert.equal((await files.download("x/y/reference.wav")).error?.statusCode, "404");
  assert.deepEqual((await files.list("x")).data, []);
  assert.deepEqual((await files.remove(["x/y/reference.wav"])).data, []);
  assert.equal((await service.exists("x/y/reference.wav")).data, true);
});

const object = "/storage/v1/object/references/a/b";
for (const path of ["/auth/v1/user", "/rest/v1/voices", "/storage/v1/bucket", object]) {
  Deno.test(`${path} wants an API key, and a right one`, async () => {
    const authorization = `Bearer ${secret_key}`;
    const wrong: [headers: Record<string, string>, message: string][] = [
      [{ authorization }, "No API key found in request"],
      [{ authorization, apikey: "sb_secret_wrong" }, "Invalid API key"],
    ];
    for (const [headers, message] of wrong) {
      const response = await fetch(`${supabase_url}${path}`, { headers });
      assert.equal(response.status, 401);
      assert.equal(Object(await response.json()).message, message);
    }
  });
}

Deno.test("the signing keys can be asked for without an API key", async () => {
  const response = await fetch(`${supabase_url}/auth/v1/.well-known/jwks.json`);
  assert.deepEqual([response.status, await response.json()], [200, { keys: [] }]);
});

Deno.test("a browser of another origin may call auth, REST and Storage", async () => {
  for (const path of ["/auth/v1/signup", "/rest/v1/voices", object]) {
    const headers = {
      origin: "https://app.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "apikey,authorization,x-client-info,content-type",
    };
    const response = await fetch(`${supabase_url}${path}`, { method: "OPTIONS", headers });
    assert.equal(response.headers.get("access-control-allow-origin"), "*");
    assert.match(response.headers.get("access-control-allow-headers") ?? "", /x-client-info/);
    await response.body?.cancel();
  }
});

Deno.test("an intercept sees every call first and may answer it", async () => {
  const seen: string[] = [];
  intercept = (request) => {
    seen.push(new URL(request.url).pathname);
    return Promise.resolve(new Response("held", { status: 418 }));
  };
  try {
    assert.equal((await fetch(`${supabase_url}/rest/v1/voices`)).status, 418);
  } finally {
    intercept = () => Promise.resolve(null);
  }
  assert.deepEqual(seen, ["/rest/v1/voices"]);
});

Deno.test("nothing that was printed so far holds a key or a token", () => {
  const text = lines.join("\n");
  for (const secret of [secret_key, publishable_key, "eyJ", "token=", "password1"]) {
    assert.ok(!text.includes(secret), text);
  }
});
