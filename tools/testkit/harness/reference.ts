import { readFixture } from "../fixtures.ts";
import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";

/** What every test asks for, unless it says otherwise. */
export const DETAILS = {
  name: "Grace",
  language: "English",
  transcript:
    "Hello, and thank you for trying voice cloning. This short recording is read at a calm and even pace.",
};

/** A clip that may be enrolled: 24 kHz, mono, a little more than ten seconds. */
export const speechClip = (): Promise<Bytes> => Promise.resolve(readFixture("speech-24k-mono.wav"));
