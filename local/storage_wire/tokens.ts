import { errors, jwtVerify } from "jose";
import { z } from "zod";
import { invalidJwt, invalidRequest, invalidSignature } from "./errors.ts";
import type { StoragePath } from "./paths.ts";

const claims = z.object({ bucket: z.string(), sub: z.string(), intent: z.enum(["upload", "download"]) });

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
    if (!parsed.success) return invalidSignature();
    const { bucket, sub } = parsed.data;
    const same = bucket === path.bucket && (sub === path.key || sub === decodeURIComponent(path.key));
    return same && parsed.data.intent === intent ? null : invalidSignature();
  } catch (error) {
    if (error instanceof errors.JOSEError) return invalidJwt(error.message);
    throw error;
  }
}
