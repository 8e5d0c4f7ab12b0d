import { isLoopbackHost } from "../../../supabase/functions/_shared/hosts.ts";
import { onOrigin } from "../../../supabase/functions/_shared/storage/objects.ts";
import { createSupabase } from "../../../supabase/functions/_shared/supabase.ts";
import { encodeWav } from "../../simulator/wav_writer.ts";
import { type Check, checkNamed } from "./check_result.ts";
import type { Deployment } from "./reach.ts";

/** How long the URL is good for, and how long any request may take. */
const SIGNED_SECONDS = 60;
const TIMEOUT_MS = 20_000;
const RATE = 24_000;

/**
 * A new name for an object of the doctor's in one of our buckets. It looks like that of a user who is not there: what a
 * killed doctor leaves behind, a repair of reconcile removes.
 */
export function probeKey(bucket: string): string {
  const [user, object] = [crypto.randomUUID(), crypto.randomUUID()];
  if (bucket === "references") return `${user}/${object}/reference.wav`;
  return bucket === "generations" ? `${user}/${object}.wav` : object;
}

/** What to do where `storageOrigin` knows none. */
export const GATEWAY =
  "Name the API by its URL behind the project's gateway, which ends in /functions/v1/api.";

/**
 * The origin where Supabase is asked with the secret key: the gateway that the API is behind, else the `SUPABASE_URL` of
 * the function, where it sends that key itself. Null when the key would travel there unencrypted, or to this machine
 * though the function runs on another.
 */
export function storageOrigin(api: string, supabaseUrl: string): string | null {
  const { origin, pathname, hostname } = new URL(api);
  if (pathname.startsWith("/functions/v1/")) return origin;
  const named = new URL(supabaseUrl);
  if (isLoopbackHost(named.hostname)) return isLoopbackHost(hostname) ? named.origin : null;
  return named.protocol === "https:" ? named.origin : null;
}

/** Where a bucket is probed: with the key at `supabaseUrl`, and from outside at `publicUrl`. */
type Probe = { bucket: string; supabaseUrl: string; publicUrl: string };

/**
 * Stores a second of silence in a bucket, fetches it by a signed URL as an outsider would, tries it without one, and
 * removes it again in any case.
 */
export async function probeBucket(deployment: Deployment, probe: Probe): Promise<Check[]> {
  const { bucket, supabaseUrl } = probe;
  const { warning, failed } = checkNamed(`signed URL in ${bucket}`);
  const url = storageOrigin(deployment.api, supabaseUrl);
  if (url === null) {
    const detail =
      `Not tried: SUPABASE_URL is ${supabaseUrl}, where the secret key would travel unencrypted, or which is another ` +
      "machine from here.";
    return [warning(detail, GATEWAY)];
  }
  const { storage } = createSupabase({ url, secretKey: deployment.key, fetch: deployment.fetch });
  const client = storage.from(bucket);
  const key = probeKey(bucket);
  const checks: Check[] = [];
  let stored: "was" | "was not" | "may have been" = "may have been";
  try {
    const bytes = encodeWav(new Int16Array(RATE).fill(Math.floor(Math.random() * 1_000)), RATE);
    const { error } = await client.upload(key, bytes, { contentType: "audio/wav" });
    if (error === null) {
      stored = "was";
      checks.push(await lookFromOutside(deployment, client, { ...probe, key, bytes }));
    } else {
      if (isRefusal(error)) stored = "was not";
      const detail = `An object could not be stored in ${bucket}: ${error.message}.`;
      checks.push(failed(detail, deployment.remedies.logs));
    }
  } finally {
    const { error } = await client.remove([key]);
    if (error && stored !== "was not") {
      const though = stored === "was" ? "," : " for all that,";
      checks.push(warning(
        `${key} ${stored} stored in ${bucket}${though} and could not be removed.`,
        "Remove it, or leave it to npm run reconcile -- --repair.",
      ));
    }
  }
  deployment.signal.throwIfAborted();
  return checks;
}

/** Whether the storage said no, rather than nothing or that it is broken. */
const isRefusal = ({ status = 0 }: { status?: number }) => status >= 400 && status < 500;

const answerOf = ({ status }: { status: number }) => status === 0 ? "did not answer" : `answered ${status}`;

type BucketClient = ReturnType<ReturnType<typeof createSupabase>["storage"]["from"]>;

async function lookFromOutside(
  { remedies, signal, fetch: send = fetch }: Deployment,
  client: BucketClient,
  { bucket, publicUrl, key, bytes }: Probe & { key: string; bytes: Uint8Array },
): Promise<Check> {
  const { ok, warning, failed } = checkNamed(`signed URL in ${bucket}`);
  const { data, error } = await client.createSignedUrl(key, SIGNED_SECONDS);
  if (error) return failed(`A URL in ${bucket} could not be signed: ${error.message}.`, remedies.logs);

  /** Without any key, as the provider and browsers ask. Status 0 is no answer. */
  const get = (url: string) =>
    send(url, {
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    }).then(
      async (response) => ({ status: response.status, body: await response.bytes() }),
      () => ({ status: 0, body: new Uint8Array() }),
    );

  const signed = await get(onOrigin(publicUrl, data.signedUrl));
  if (signed.status !== 200) {
    return failed(
      `${publicUrl} ${answerOf(signed)} to a signed URL that was asked for from here.`,
      "It must be the origin that browsers and the provider reach: " +
        remedies.set("PUBLIC_SUPABASE_URL", "https://YOUR_PROJECT.supabase.co"),
    );
  }
  if (signed.body.length !== bytes.length || signed.body.some((byte, at) => byte !== bytes[at])) {
    const fix = "Is another project, or something that changes bodies, behind PUBLIC_SUPABASE_URL?";
    return failed(`${publicUrl} gave other bytes than were stored.`, fix);
  }
  const open = await get(`${publicUrl}/storage/v1/object/public/${bucket}/${key}`);
  if (open.status >= 200 && open.status < 300) {
    return failed(
      `An object of ${bucket} can be fetched without a signature.`,
      remedies.sql(`update storage.buckets set public = false where id = '${bucket}'`),
    );
  }
  if (isRefusal(open) && open.status !== 429) {
    return ok(`${publicUrl} gives the object by its signed URL, and not without (${open.status}).`);
  }
  const answer = answerOf(open);
  return warning(
    `${publicUrl} gives the object by its signed URL; without a signature it ${answer}, which tells nothing.`,
    "Run this again. If it stays, see what is in front of the project.",
  );
}
