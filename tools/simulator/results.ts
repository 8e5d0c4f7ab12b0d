import { createHmac, randomBytes } from "node:crypto";
import type { Bytes } from "../../supabase/functions/_shared/bytes.ts";

const lifetimeSeconds = 24 * 60 * 60;
const mostFiles = 200;
const mostBytes = 100_000_000;

/** The synthesized audio, in memory: the newest 200 files, up to 100 MB. URLs of another run count as changed. */
export function createResults(options: { now: () => Date }) {
  const key = randomBytes(32);
  const files = new Map<string, Bytes>();
  const seconds = () => Math.floor(options.now().getTime() / 1_000);
  const sign = (path: string, expires: string) =>
    createHmac("sha256", key).update(`${path}\n${expires}`).digest("base64url");

  return {
    /** Keeps a WAV file for 24 hours; `expiresAt` is in seconds since 1970. */
    keep(wav: Bytes, origin: string) {
      const id = `audio_${crypto.randomUUID()}`;
      const path = `/results/${id}.wav`;
      files.set(path, wav);
      let bytes = files.values().reduce((sum, file) => sum + file.length, 0);
      for (const [oldest, file] of files) {
        if (files.size <= mostFiles && bytes <= mostBytes) break;
        files.delete(oldest);
        bytes -= file.length;
      }
      const expiresAt = seconds() + lifetimeSeconds;
      const Expires = String(expiresAt);
      const query = new URLSearchParams({ Expires, Signature: sign(path, Expires) });
      return { id, url: `${origin}${path}?${query}`, expiresAt };
    },
    /** Answers a GET as Alibaba's object storage: an expired or changed URL 403 in XML, a dropped file 404. */
    answer({ pathname, searchParams }: URL): Response {
      const expires = searchParams.get("Expires") ?? "";
      if (searchParams.get("Signature") !== sign(pathname, expires)) {
        return refuse(403, "SignatureDoesNotMatch", "The signature does not match the request.");
      }
      if (seconds() >= Number(expires)) return refuse(403, "AccessDenied", "Request has expired.");
      const wav = files.get(pathname);
      if (!wav) return refuse(404, "NoSuchKey", "The specified key does not exist.");
      return new Response(wav, {
        headers: { "content-type": "audio/wav", "content-length": String(wav.length) },
      });
    },
    reset: () => files.clear(),
  };
}

function refuse(status: number, code: string, message: string): Response {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
<Error>
  <Code>${code}</Code>
  <Message>${message}</Message>
  <RequestId>${crypto.randomUUID()}</RequestId>
</Error>
`;
  return new Response(xml, { status, headers: { "content-type": "application/xml" } });
}
