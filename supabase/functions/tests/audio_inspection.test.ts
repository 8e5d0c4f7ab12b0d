// Every clip of the corpus is looked into; what is found, and how much of the clip is read for it.
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { Clip } from "../../../tools/testkit/clips/corpus_clip.ts";
import { mp3 } from "../../../tools/testkit/clips/write_mp3.ts";
import { CORPUS } from "../../../tools/testkit/clips/corpus.ts";
import { M4A_CLIPS } from "../../../tools/testkit/clips/corpus_m4a.ts";
import { MP3_CLIPS } from "../../../tools/testkit/clips/corpus_mp3.ts";
import { WAV_CLIPS } from "../../../tools/testkit/clips/corpus_wav.ts";
import { type AudioFacts, inspectAudio } from "../_shared/audio/inspect.ts";
import { ApiError } from "../_shared/errors.ts";
import { type CountedClip, countedClip } from "../../../tools/testkit/harness/clip_source.ts";

/** Told before a clip is looked into. */
const NOT_OF_THE_BYTES = ["reference_empty", "reference_too_large"];
/** What a WAV or an M4A made for playing while it loads may cost, the first range included. */
const READ_LIMIT_BYTES = 262_144;
/** M4A clips with `moov` in front of the audio. */
const PLAYED_WHILE_LOADING = M4A_CLIPS.filter(({ name }) => !/recorded|moov-last|3gp/.test(name));
const CLIPS = CORPUS.filter(({ code }) => code === null || !NOT_OF_THE_BYTES.includes(code));

async function found({ source }: CountedClip): Promise<AudioFacts | string> {
  try {
    return await inspectAudio(source);
  } catch (error) {
    if (error instanceof ApiError) return error.code;
    throw error;
  }
}

/** Inspects a clip, and keeps what was read for it but not the clip. */
async function lookInto(clip: Clip) {
  const counted = countedClip(clip.bytes());
  const { source: { sizeBytes, firstBytes }, ranges, bytesRead, outside } = counted;
  const beginning = String.fromCharCode(...firstBytes);
  return {
    clip,
    sizeBytes,
    found: await found(counted),
    ranges,
    bytesRead: bytesRead(),
    outside: outside().length,
    begins: (name: string) => beginning.includes(name),
  };
}
type Look = Awaited<ReturnType<typeof lookInto>>;

const looks = new Map<Clip, Promise<Look>>();

/** Each clip is made and inspected once, by the first test that asks. */
async function lookIntoAll(among: readonly Clip[]): Promise<Look[]> {
  const all: Look[] = [];
  for (const clip of among) {
    const look = looks.get(clip) ?? lookInto(clip);
    looks.set(clip, look);
    all.push(await look);
  }
  return all;
}

const corpusClip = (name: string): Clip => {
  const clip = CORPUS.find((one) => one.name === name);
  assert(clip, `no clip ${name}`);
  return clip;
};

/** What is not as it should be, by the name of the clip; `mistake` gives undefined where all is well. */
function mistakes(all: Look[], mistake: (look: Look) => unknown): Record<string, unknown> {
  assert(all.length > 3);
  return Object.fromEntries(
    all.map((look) => [look.clip.name, mistake(look)] as const).filter(([, wrong]) => wrong !== undefined),
  );
}

function isAsExpected({ clip, found }: Look): boolean {
  if (clip.facts === null || typeof found === "string") return false;
  const { durationSeconds, contentType, ...others } = found;
  const { durationSeconds: expectedSeconds, ...expected } = clip.facts;
  return isDeepStrictEqual(others, expected) && contentType === clip.contentType &&
    // Durations are told to the microsecond.
    Math.abs(durationSeconds - expectedSeconds) <= clip.toleranceSeconds + 1e-6;
}

const moreThanOneRange = ({ ranges }: Look) => ranges.length === 0 ? undefined : ranges;

for (const container of ["wav", "mp3", "m4a"] as const) {
  Deno.test(`duration, sample rate, channels and codec of every ${container} clip are read as they are`, async () => {
    const all = await lookIntoAll(CLIPS.filter(({ facts }) => facts?.container === container));
    assert.deepEqual(mistakes(all, (look) => isAsExpected(look) ? undefined : look.found), {});
  });
}

Deno.test("a clip that cannot be read, or is of a format that is not taken, is refused with its own code", async () => {
  const all = await lookIntoAll(CLIPS.filter(({ facts }) => facts === null));
  assert.deepEqual(mistakes(all, ({ clip, found }) => found === clip.code ? undefined : found), {});
});

const SENTENCES = {
  "speech.webm": "This is WebM audio; upload WAV, MP3 or M4A.",
  "not-matroska.wav": "This is Matroska audio; upload WAV, MP3 or M4A.",
  "not-ogg-opus.wav": "This is Ogg audio; upload WAV, MP3 or M4A.",
  "not-flac.wav": "This is FLAC audio; upload WAV, MP3 or M4A.",
  "not-aiff.wav": "This is AIFF audio; upload WAV, MP3 or M4A.",
  "not-amr.wav": "This is AMR audio; upload WAV, MP3 or M4A.",
  "not-wma.wav": "This is WMA audio; upload WAV, MP3 or M4A.",
  "not-caf.wav": "This is CAF audio; upload WAV, MP3 or M4A.",
  "m4a-quicktime.m4a": "This is QuickTime audio; upload WAV, MP3 or M4A.",
  "m4a-without-moov.m4a": "This file is cut short; record or upload it again.",
  "m4a-without-moov-and-size.m4a": "This file is cut short; record or upload it again.",
  "m4a-recorded-video.m4a": "This is a video; upload its sound as WAV, MP3 or M4A.",
  "m4a-video.m4a": "This is a video; upload its sound as WAV, MP3 or M4A.",
  "not-noise.wav": "This file could not be read as audio; upload WAV, MP3 or M4A.",
};

Deno.test("the refusal of a known format names it, and one of a killed recording tells so", async () => {
  const told: Record<string, string> = {};
  for (const name of Object.keys(SENTENCES)) {
    await assert.rejects(inspectAudio(countedClip(corpusClip(name).bytes()).source), (error) => {
      assert(error instanceof ApiError);
      told[name] = error.detail;
      return true;
    });
  }
  assert.deepEqual(told, SENTENCES);
});

Deno.test("nothing beyond the end of a clip is asked for", async () => {
  const all = await lookIntoAll(CLIPS);
  assert.deepEqual(mistakes(all, ({ outside, ranges }) => outside === 0 ? undefined : ranges), {});
});

Deno.test("a WAV of any length, with whatever is behind its data, costs one range when its header fits", async () => {
  const all = await lookIntoAll(WAV_CLIPS.filter(({ facts }) => facts !== null));
  const short = all.filter(({ begins }) => begins("data"));
  assert(short.some(({ clip }) => clip.facts?.durationSeconds === 120));
  assert(short.some(({ clip }) => clip.name === "wav-much-after-data.wav"));
  assert.deepEqual(mistakes(short, moreThanOneRange), {});
});

Deno.test("an M4A made for playing while it loads costs one range when its moov fits", async () => {
  const all = await lookIntoAll(PLAYED_WHILE_LOADING.filter(({ facts }) => facts !== null));
  const short = all.filter(({ begins }) => begins("moov") && begins("mdat"));
  assert(short.some(({ clip }) => clip.facts?.durationSeconds === 60));
  assert.deepEqual(mistakes(short, moreThanOneRange), {});
});

Deno.test("no more than 256 KiB is read of a WAV or of an M4A made for playing while it loads, whatever is in its header", async () => {
  const all = await lookIntoAll([...WAV_CLIPS, ...PLAYED_WHILE_LOADING]);
  for (const name of ["wav-remarks-of-300kb-first.wav", "m4a-cover-of-1mb.m4a", "m4a-9999999-bytes.m4a"]) {
    assert(all.some(({ clip }) => clip.name === name), name);
  }
  const tooMuch = ({ bytesRead, ranges }: Look) =>
    bytesRead <= READ_LIMIT_BYTES ? undefined : [bytesRead, ranges];
  assert.deepEqual(mistakes(all, tooMuch), {});
});

Deno.test("an MP3 is read once from end to end, a large picture in its tag left out", async () => {
  const all = await lookIntoAll(MP3_CLIPS);
  const tooMuch = ({ clip, sizeBytes, bytesRead, ranges }: Look) => {
    // Requests may overlap by a frame's header.
    const limit = /1.2mb|999999/.test(clip.name) ? READ_LIMIT_BYTES : sizeBytes + 64;
    return bytesRead <= limit ? undefined : [bytesRead, ranges];
  };
  assert.deepEqual(mistakes(all, tooMuch), {});
});

const AWAY = new Error("Storage is away");

const IN_RANGES = {
  "a WAV whose header is long": "wav-format-beyond-64kib.wav",
  "an MP3": "mp3-60.000s.mp3",
  "an M4A whose moov is last": "m4a-moov-last.m4a",
  "an M4A of fragments": "m4a-recorded-60.000s.m4a",
};

for (const [what, name] of Object.entries(IN_RANGES)) {
  Deno.test(`when a range of ${what} cannot be read, the error of the reader is thrown as it is`, async () => {
    const clip = corpusClip(name);
    const { source, ranges } = countedClip(clip.bytes());
    await inspectAudio(source);
    assert(ranges.length > 0);
    for (let failing = 0; failing < ranges.length; failing++) {
      const broken = countedClip(clip.bytes());
      const readRange = (start: number, end: number) =>
        broken.ranges.length === failing ? Promise.reject(AWAY) : broken.source.readRange(start, end);
      await assert.rejects(inspectAudio({ ...broken.source, readRange }), (error) => error === AWAY);
    }
  });
}

Deno.test("clips that are looked into at once do not disturb one another", async () => {
  const some = CLIPS.filter((_, index) => index % 7 === 0);
  const alone: (AudioFacts | string)[] = [];
  for (const clip of some) alone.push(await found(countedClip(clip.bytes())));
  assert.deepEqual(await Promise.all(some.map((clip) => found(countedClip(clip.bytes())))), alone);
});

Deno.test("a source that gives fewer bytes than it has ends the look, and does not hang it", async () => {
  const clip = mp3({ seconds: 59 });
  for (const given of [0, 10]) {
    let asked = 0;
    await assert.rejects(
      inspectAudio({
        sizeBytes: clip.length,
        firstBytes: clip.subarray(0, 65_536),
        readRange: (start) => {
          if (++asked > 100) return Promise.reject(new Error("asked without end"));
          return Promise.resolve(clip.subarray(start, start + given));
        },
      }),
      { message: "fewer bytes of the clip were given than asked for" },
    );
  }
});
