// Storage as the contract tests ask it: the embedded stack, or the project that STORAGE_CONTRACT_URL and STORAGE_CONTRACT_KEY
// (its secret key) name.
import assert from "node:assert/strict";
import { z } from "zod";
import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";

const stack = z.object({ supabase_url: z.url(), secret_key: z.string() });

function target(): { url: string; key: string; isEmbedded: boolean } {
  const [url, key] = [Deno.env.get("STORAGE_CONTRACT_URL"), Deno.env.get("STORAGE_CONTRACT_KEY")];
  if (url && key) return { url: `${url.replace(/\/$/, "")}/storage/v1`, key, isEmbedded: false };
  const { supabase_url, secret_key } = stack.parse(JSON.parse(Deno.env.get("TEST_STACK") ?? "{}"));
  return { url: `${supabase_url}/storage/v1`, key: secret_key, isEmbedded: true };
}

const { url, key: secretKey, isEmbedded } = target();

export const storage = url;
const credentials = { apikey: secretKey, authorization: `Bearer ${secretKey}` };
/** Sixty thousand bytes that tell their positions. */
export const clip = Uint8Array.from({ length: 60_000 }, (_, index) => index % 251);
export const megabyte = 1024 * 1024;

export const newKey = () => `${crypto.randomUUID()}/${crypto.randomUUID()}/reference.wav`;
export const keyed = (path: string, init: RequestInit = {}) =>
  fetch(`${storage}${path}`, { ...init, headers: { ...credentials, ...init.headers } });
export const keyedJson = (path: string, body: unknown, method = "POST") =>
  keyed(path, { method, body: JSON.stringify(body), headers: { "content-type": "application/json" } });
/** A PUT as a browser does it, without a key. */
export const put = (path: string, body: BodyInit, type = "audio/wav", headers: Record<string, string> = {}) =>
  fetch(`${storage}${path}`, { method: "PUT", body, headers: { "content-type": type, ...headers } });
export const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

const uploadUrl = z.strictObject({ url: z.string(), token: z.string() });

export async function signUpload(key: string): Promise<z.infer<typeof uploadUrl>> {
  const response = await keyed(`/object/upload/sign/references/${key}`, { method: "POST" });
  assert.equal(response.status, 200);
  return uploadUrl.parse(await response.json());
}

/** A key that is removed when the test is over, whether an object is there by then or not. */
export const ownKey = (key = newKey()) => ({ key, [Symbol.asyncDispose]: () => remove(key) });

/** An object of these bytes at this key, removed when the test is over. */
export async function uploaded(bytes: Bytes = clip, key = newKey()) {
  const answer = await told(await put((await signUpload(key)).url, bytes));
  assert.deepEqual(answer, { status: 200, body: { Key: `references/${key}` } });
  return ownKey(key);
}

export async function remove(key: string): Promise<void> {
  const response = await keyedJson("/object/references", { prefixes: [key] }, "DELETE");
  await response.body?.cancel();
}

/** Signs the download of an object; the URL is whole. */
export async function signDownload(key: string, expiresIn = 60): Promise<string> {
  const response = await keyedJson(`/object/sign/references/${key}`, { expiresIn });
  return storage + z.strictObject({ signedURL: z.string() }).parse(await response.json()).signedURL;
}

const refusalBody = z.strictObject({
  statusCode: z.string(),
  error: z.string(),
  message: z.string(),
  code: z.string(),
});

/** A failure as hosted Storage answers every one: status 400, and what it means in the body. */
export async function assertFailure(
  response: Response,
  expected: { statusCode: string; error: string; code: string; message?: string },
): Promise<void> {
  assert.equal(response.status, 400);
  const body = refusalBody.parse(await response.json());
  assert.deepEqual(body, { message: body.message, ...expected });
}

/** That a PUT over the limit is refused. Another server than the embedded one may break the connection instead. */
export async function assertTooLarge(putting: Promise<Response>): Promise<void> {
  const response = await putting.catch((error) => {
    if (isEmbedded || !(error instanceof TypeError)) throw error;
    return null;
  });
  const message = "The object exceeded the maximum allowed size";
  if (response) {
    assert.deepEqual(await told(response), refusal("413", "Payload too large", "EntityTooLarge", message));
  }
}

export const alreadyExists = {
  statusCode: "409",
  error: "Duplicate",
  message: "The resource already exists",
  code: "KeyAlreadyExists",
};
export const noSuchKey = { statusCode: "404", error: "not_found", code: "NoSuchKey" };

/** An answer as the tables of the contract compare it: what names no object of its own. */
export type StorageAnswer = { status: number; body: unknown };

export async function told(response: Response): Promise<StorageAnswer> {
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  return { status: response.status, body: isJson && text !== "" ? JSON.parse(text) : text };
}

/** A refusal as Storage words it: HTTP 400 but for a few, with the real status in the body. */
export const refusal = (
  statusCode: string,
  error: string,
  code: string,
  message: string,
  status = 400,
): StorageAnswer => ({ status, body: { statusCode, error, message, code } });

/** A multipart body of these parts, each with its headers as they stand. */
export function multipart(
  parts: { headers: string[]; content: string | Uint8Array }[],
): { type: string; body: Blob } {
  const boundary = "----contract";
  const pieces = parts.flatMap(({ headers, content }) => [
    `--${boundary}\r\n${headers.join("\r\n")}\r\n\r\n`,
    typeof content === "string" ? content : Uint8Array.from(content),
    "\r\n",
  ]);
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    body: new Blob([...pieces, `--${boundary}--\r\n`]),
  };
}
