import { join } from "node:path";
import { z } from "zod";
import { readIfThere, removeIfThere, writePrivateJson } from "./process/private_file.ts";
import { isAlive, readProcessRecord } from "./process/processes.ts";

/** `stack.json` in the data folder while a stack runs (mode 0600). */
export const stackRecordSchema = z.object({
  api_url: z.url(),
  supabase_url: z.url(),
  publishable_key: z.string(),
  secret_key: z.string(),
  /** Null when the real provider is used. */
  simulator_url: z.url().nullable(),
  /** As role `postgres`, which is no superuser, as on hosted projects. */
  database_url: z.string(),
  pid: z.int(),
});

export type StackRecord = z.infer<typeof stackRecordSchema>;

const pathIn = (dataDir: string) => join(dataDir, "stack.json");

/** The record of the living stack on this data folder, or null: a record that a killed stack left behind does not count. */
export async function readStack(dataDir: string): Promise<StackRecord | null> {
  const text = await readIfThere(pathIn(dataDir));
  if (text === null) return null;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = stackRecordSchema.safeParse(json);
  const stack = (await readProcessRecord(processRecordPath(dataDir))).get("stack");
  if (!parsed.success || !stack || stack.pid !== parsed.data.pid) return null;
  return await isAlive(stack) ? parsed.data : null;
}

export const processRecordPath = (dataDir: string) => join(dataDir, "processes.json");

export const writeStack = (dataDir: string, record: StackRecord) => writePrivateJson(pathIn(dataDir), record);

export const removeStack = (dataDir: string) => removeIfThere(pathIn(dataDir));
