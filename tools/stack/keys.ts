import { join } from "node:path";
import { z } from "zod";
import { readIfThere, writePrivateJson } from "./process/private_file.ts";

const keysSchema = z.object({
  publishable_key: z.string().startsWith("sb_publishable_"),
  secret_key: z.string().startsWith("sb_secret_"),
  jwt_secret: z.string().min(32),
  database_password: z.string().min(16),
});

export type Keys = {
  publishableKey: string;
  secretKey: string;
  /** Signs user tokens and storage URLs, HS256. */
  jwtSecret: string;
  /** Of the database roles `supabase_admin` and `postgres`. */
  databasePassword: string;
};

const random = (bytes: number) =>
  crypto.getRandomValues(new Uint8Array(bytes)).toBase64({ alphabet: "base64url", omitPadding: true });

/**
 * Reads the project's keys from `keys.json` in the data folder, made at random at the first start and kept (mode 0600).
 * Throws when the file is there but is not what was written.
 */
export async function loadKeys(dataDir: string): Promise<Keys> {
  const path = join(dataDir, "keys.json");
  const text = await readIfThere(path);
  const keys = text !== null ? keysSchema.parse(JSON.parse(text)) : {
    publishable_key: `sb_publishable_${random(24)}`,
    secret_key: `sb_secret_${random(24)}`,
    jwt_secret: random(40),
    database_password: random(24),
  };
  if (text === null) await writePrivateJson(path, keys);
  return {
    publishableKey: keys.publishable_key,
    secretKey: keys.secret_key,
    jwtSecret: keys.jwt_secret,
    databasePassword: keys.database_password,
  };
}
