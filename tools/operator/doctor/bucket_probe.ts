import { isLoopbackHost } from "../../../supabase/functions/_shared/hosts.ts";
import { onOrigin } from "../../../supabase/functions/_shared/storage/objects.ts";
import { createSupabase } from "../../../supabase/functions/_shared/supabase.ts";
import { encodeWav } from "../../simulator/wav_writer.ts";
import { type Check, checkNamed } from "./check_result.ts";
import type { Deployment } from "./reach.ts";

const SIGNED_SECONDS = 60;
const TIMEOUT_MS = 20_000;
const RATE = 24_000;

/** A new object name, as of a user who does not exist: a repair of reconcile removes what a killed doctor left. */
export function probeKey(bucket: string): string {
  const [user, object] = [crypto.randomUUID(), crypto.randomUUID()];
  if (bucket === "references") return `${user}/${object}/reference.wav`;
  return bucket === "generations" ? `${user}/${object}.wav` : object;
}

/** The remedy for an object that is left. */
export const LEAVE_IT = "Remove it, or leave it to npm run reconcile -- --repair.";

/** The remedy where `storageOrigin` is null. */
export const GATEWAY = "Give the API's URL behind the project's gateway, which ends in /functions/v1/api.";

/**
 * Where to send the secret key: the API's gateway, else the function's `SUPABASE_URL`. Null when the key would travel
 * unencrypted, or to this machine though the function runs on another.
 */
export function storageOrigin(api: string, supabaseUrl: string): string | null {
  const { origin, pathname, hostname } = new URL(api);
  if (pathname.startsWith("/functions/v1/")) return origin;
  const named = new URL(supabaseUrl);
  if (isLoopbackHost(named.hostname)) return isLoopbackHost(hostname) ? named.origin : null;
  return named.protocol === "https:" ? named.origin : null;
}

/** Why `storageOrigin` is null. */
export const unsafeOrigin = (supabaseUrl: string) =>
  `SUPABASE_URL is ${supabaseUrl}, where the secret key would travel unencrypted, or which is another machine from here.`;

/** Uses the key at `supabaseUrl`, and none at `publicUrl`. */
type Probe = { bucket: string; supabaseUrl: string; publicUrl: string };

/** Stores a clip in a bucket, fetches it with and without a signature, and always removes it. */
export async function probeBucket(deployment: Deployment, probe: Probe): Promise<Check[]> {
  const { bucket, supabaseUrl } = probe;
  const { warning, failed } = checkNamed(`signed URL in ${bucket}`);
  const url = storageOrigin(deployment.api, supabaseUrl);
  if (url === null) {
    return [warning(`Not tried: ${unsafeOrigin(supabaseUrl)}`, GATEWAY)];
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
      checks.push(await fetchFromOutside(deployment, client, { ...probe, key, bytes }));
    } else {
      if (isRefusal(error)) stored = "was not";
      const detail = `An object could not be stored in ${bucket}: ${error.message}.`;
      checks.push(failed(detail, deployment.remedies.logs));
    }
  } finally {
    const { error } = await client.remove([key]);
    if (error && stored !== "was not") {
      const though = stored === "was" ? "" : " anyway";
      checks.push(warning(
        `${key} ${stored} stored in ${bucket}${though}, and could not be removed.`,
        LEAVE_IT,
      ));
    }
  }
  deployment.signal.throwIfAborted();
  return checks;
}

const isRefusal = ({ status = 0 }: { status?: number }) => status >= 400 && status < 500;

const answerOf = ({ status }: { status: number }) => status === 0 ? "did not answer" : `answered ${status}`;

type BucketClient = ReturnType<ReturnType<typeof createSupabase>["storage"]["from"]>;

async function fetchFromOutside(
  { remedies, signal, fetch: send = fetch }: Deployment,
  client: BucketClient,
  { bucket, publicUrl, key, bytes }: Probe & { key: string; bytes: Uint8Array },
): Promise<Check> {
  const { ok, warning, failed } = checkNamed(`signed URL in ${bucket}`);
  const { data, error } = await client.createSignedUrl(key, SIGNED_SECONDS);
  if (error) return failed(`A URL in ${bucket} could not be signed: ${error.message}.`, remedies.logs);

  /** Without a key, as the provider and browsers do. Status 0 is no answer. */
  const get = (url: string) =>
    send(url, { redirect: "manual", signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) })
      .then(
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
  return warning(
    `${publicUrl} gives the object by its signed URL; without a signature it ${
      answerOf(open)
    }, which proves nothing.`,
    "Run this again. If it stays, see what is in front of the project.",
  );
}
