import { errors, jwtVerify } from "jose";
import { z } from "zod";
import { invalidJwt, invalidRequest, invalidSignature } from "./errors.ts";
import { inEmbeddedUrl, type StoragePath } from "./paths.ts";

const claims = z.object({ bucket: z.string(), sub: z.string(), intent: z.enum(["upload", "download"]) });

/** Whether a token's subject is this key: the embedded Storage keeps what it could not decode as it stood in the URL. */
const names = (sub: string, key: string) =>
  sub === key || sub === key.replace(/[?#]/g, encodeURIComponent) || sub === inEmbeddedUrl(key);

/**
 * Checks the token of a signed URL: null when it allows `intent` on that object, else hosted Storage's answer, whose
 * messages are those of jose, which it uses too.
 */
export async function checkUrlToken(
  { url, path, intent, jwtSecret }: {
    url: URL;
    path: StoragePath;
    intent: "upload" | "download";
    jwtSecret: string;
  },
): Promise<Response | null> {
  const token = url.searchParams.get("token");
  if (!token) return invalidRequest("querystring must have required property 'token'");
  try {
    const { payload } = await jwtVerify(token, new TextEncoder().encode(jwtSecret), {
      algorithms: ["HS256"],
    });
    const parsed = claims.safeParse(payload);
    if (!parsed.success) return invalidSignature("Invalid signature");
    const { bucket, sub } = parsed.data;
    if (parsed.data.intent !== intent) return invalidSignature(`Token is not scoped for ${intent}`);
    return bucket === path.bucket && names(sub, path.key) ? null : invalidSignature("Invalid signature");
  } catch (error) {
    if (error instanceof errors.JOSEError) return invalidJwt(error.message);
    throw error;
  }
}
