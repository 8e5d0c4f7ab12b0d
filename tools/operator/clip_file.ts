import type { Bytes } from "../../supabase/functions/_shared/bytes.ts";
import { fixturePath } from "../testkit/fixtures.ts";

/** A clip ready to be uploaded. */
export type Clip = { bytes: Bytes; contentType: string; transcript: string };

const contentTypes = new Map([["wav", "audio/wav"], ["mp3", "audio/mpeg"], ["m4a", "audio/mp4"]]);

const ownTranscript =
  "Hello, and thank you for trying voice cloning. This short recording is read at a calm and even " +
  "pace, so that every word can be heard clearly. It lasts a little more than ten seconds.";

/** The project's own clip, which it has in three formats. */
export function readOwnClip(extension: "wav" | "mp3" | "m4a" = "wav"): Promise<Clip> {
  return readClip(fixturePath(`speech-24k-mono.${extension}`), ownTranscript);
}

/**
 * Reads a clip, its type from its extension.
 * @throws {Error} with a sentence when that is not wav, mp3 or m4a or the file cannot be read
 */
export async function readClip(path: string, transcript: string): Promise<Clip> {
  const contentType = contentTypes.get(/\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase() ?? "");
  if (contentType === undefined) throw new Error(`${path} is not a wav, mp3 or m4a file by its extension.`);
  try {
    return { bytes: await Deno.readFile(path), contentType, transcript };
  } catch (cause) {
    throw new Error(`${path} cannot be read.`, { cause });
  }
}
