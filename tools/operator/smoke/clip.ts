import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";
import { fixturePath } from "../../testkit/fixtures.ts";

/** A clip ready to be uploaded. */
export interface Clip {
  readonly bytes: Bytes;
  readonly contentType: string;
  readonly transcript: string;
}

const contentTypes = new Map([["wav", "audio/wav"], ["mp3", "audio/mpeg"], ["m4a", "audio/mp4"]]);

const ownClip = fixturePath("speech-24k-mono.wav");
const ownTranscript =
  "Hello, and thank you for trying voice cloning. This short recording is read at a calm and even " +
  "pace, so that every word can be heard clearly. It lasts a little more than ten seconds.";

/**
 * Reads a clip, its type from its extension; the project's own one without a path. Throws a sentence when the
 * extension is not wav, mp3 or m4a or the file cannot be read.
 */
export async function readClip(path = ownClip, transcript = ownTranscript): Promise<Clip> {
  const contentType = contentTypes.get(/\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase() ?? "");
  if (contentType === undefined) throw new Error(`${path} is not a wav, mp3 or m4a file by its extension.`);
  try {
    return { bytes: await Deno.readFile(path), contentType, transcript };
  } catch (cause) {
    throw new Error(`${path} cannot be read.`, { cause });
  }
}
