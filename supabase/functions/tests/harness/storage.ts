// Storage as the contract tests ask it: the embedded stack, or the project that STORAGE_CONTRACT_URL and STORAGE_CONTRACT_KEY
// (its secret key) name.
import assert from "node:assert/strict";
import { z } from "zod";
import type { Bytes } from "../../_shared/bytes.ts";

const stack = z.object({ supabase_url: z.url(), secret_key: z.string() });

function target(): { url: string; key: string } {
  const [url, key] = [Deno.env.get("STORAGE_CONTRACT_URL"), Deno.env.get("STORAGE_CONTRACT_KEY")];
  if (url && key) return { url: `${url.replace(/\/$/, "")}/storage/v1`, key };
  const { supabase_url, secret_key } = stack.parse(JSON.parse(Deno.env.get("TEST_STACK") ?? "{}"));
  return { url: `${supabase_url}/storage/v1`, key: secret_key };
}

const { url, key: secretKey } = target();

/** The base of every path. */
export const storage = url;
const credentials = { apikey: secretKey, authorization: `Bearer ${secretKey}` };
/** Sixty thousand bytes that tell their positions. */
export const clip = Uint8Array.from({ length: 60_000 }, (_, index) => index % 251);
export const megabyte = 1024 * 1024;

/** A key nobody has used. */
export const newKey = () => `${crypto.randomUUID()}/${crypto.randomUUID()}/reference.wav`;
/** A request with the secret key. */
export const keyed = (path: string, init: RequestInit = {}) =>
  fetch(`${storage}${path}`, { ...init, headers: { ...credentials, ...init.headers } });
/** A POST of JSON with the secret key. */
export const postJson = (path: string, body: unknown) =>
  keyed(path, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });
/** A PUT as a browser does it, without a key. */
export const put = (path: string, body: BodyInit, type = "audio/wav") =>
  fetch(`${storage}${path}`, { method: "PUT", body, headers: { "content-type": type } });

const uploadUrl = z.strictObject({ url: z.string(), token: z.string() });
export const failure = z.strictObject({
  statusCode: z.string(),
  error: z.string(),
  message: z.string(),
  code: z.string(),
});

/** Asks for a signed upload URL. */
export async function signUpload(key: string): Promise<z.infer<typeof uploadUrl>> {
  const response = await keyed(`/object/upload/sign/references/${key}`, { method: "POST" });
  assert.equal(response.status, 200);
  return uploadUrl.parse(await response.json());
}

/** Uploads bytes to a new key, and gives the key. */
export async function uploaded(bytes: Bytes = clip): Promise<string> {
  const key = newKey();
  const response = await put((await signUpload(key)).url, bytes);
  assert.equal(response.status, 200);
  await response.body?.cancel();
  return key;
}

/** Removes an object. */
export async function remove(key: string): Promise<void> {
  const response = await keyed("/object/references", {
    method: "DELETE",
    body: JSON.stringify({ prefixes: [key] }),
    headers: { "content-type": "application/json" },
  });
  await response.body?.cancel();
}

/** A failure as hosted Storage answers every one: status 400, and what it means in the body. */
export async function assertFailure(
  response: Response,
  expected: { statusCode: string; error: string; code: string; message?: string },
): Promise<void> {
  assert.equal(response.status, 400);
  const body = failure.parse(await response.json());
  assert.deepEqual({ ...body, ...(expected.message === undefined ? { message: "" } : {}) }, {
    message: "",
    ...expected,
  });
}

export const alreadyExists = {
  statusCode: "409",
  error: "Duplicate",
  message: "The resource already exists",
  code: "KeyAlreadyExists",
};
export const noSuchKey = { statusCode: "404", error: "not_found", code: "NoSuchKey" };
