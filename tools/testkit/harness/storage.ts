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
export const put = (
  path: string,
  body: BodyInit,
  type = "audio/wav",
  headers: Record<string, string> = {},
) => fetch(`${storage}${path}`, { method: "PUT", body, headers: { "content-type": type, ...headers } });

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
  await uploadedTo(key, bytes);
  return key;
}

/** Uploads bytes to this key. */
export async function uploadedTo(key: string, bytes: Bytes = clip): Promise<void> {
  const response = await put((await signUpload(key)).url, bytes);
  assert.equal(response.status, 200);
  await response.body?.cancel();
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

const tooLarge = {
  statusCode: "413",
  error: "Payload too large",
  message: "The object exceeded the maximum allowed size",
  code: "EntityTooLarge",
};

/** That a PUT over the limit is refused. Another server than the embedded one may break the connection instead. */
export async function assertTooLarge(putting: Promise<Response>): Promise<void> {
  const response = await putting.catch((error) => {
    if (isEmbedded || !(error instanceof TypeError)) throw error;
    return null;
  });
  if (response) await assertFailure(response, tooLarge);
}

export const alreadyExists = {
  statusCode: "409",
  error: "Duplicate",
  message: "The resource already exists",
  code: "KeyAlreadyExists",
};
export const noSuchKey = { statusCode: "404", error: "not_found", code: "NoSuchKey" };

/** An answer as the tables of the contract compare it: what names no object of its own. */
export type Told = { status: number; body: unknown };

/** The status of an answer and its body, parsed where it is JSON. */
export async function told(response: Response): Promise<Told> {
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
): Told => ({ status, body: { statusCode, error, message, code } });

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
