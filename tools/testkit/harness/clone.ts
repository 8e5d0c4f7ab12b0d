import assert from "node:assert/strict";
import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";
import { createUploadUrl } from "../../../supabase/functions/_shared/contract/create_upload_url.ts";
import { readFixture } from "../fixtures.ts";
import type { Api } from "./api.ts";

/** What every test asks for, unless it says otherwise. */
export const DETAILS = {
  name: "Grace",
  language: "English",
  transcript:
    "Hello, and thank you for trying voice cloning. This short recording is read at a calm and even pace.",
};

/** The clip that stands for a fit one: 24 kHz, mono, a little more than ten seconds. */
export const speechClip = (): Bytes => readFixture("speech-24k-mono.wav");

/** Asks for an upload URL as this user. */
export async function askForUpload(api: Api, token: string) {
  const answer = await api.call("POST", "/clone/upload-url", { token, body: DETAILS });
  assert.equal(answer.status, 200, JSON.stringify([answer.body, api.logged]));
  return createUploadUrl.answer.schema().parse(answer.body);
}

/** PUTs a clip as the browser does. */
export async function putClip(
  uploadUrl: string,
  clip: Bytes,
  type = "audio/wav",
): Promise<void> {
  const response = await fetch(uploadUrl, { method: "PUT", headers: { "Content-Type": type }, body: clip });
  assert.equal(response.status, 200, await response.text());
}

/** Uploads a clip and gives the body of the finalize that should follow. */
export async function upload(
  api: Api,
  token: string,
  options: { clip?: Bytes; type?: string } = {},
) {
  const { voice_id, upload_url, object_key } = await askForUpload(api, token);
  await putClip(upload_url, options.clip ?? speechClip(), options.type);
  return { body: { voice_id, ...DETAILS }, objectKey: object_key };
}
