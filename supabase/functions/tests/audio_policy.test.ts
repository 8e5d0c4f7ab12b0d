import assert from "node:assert/strict";
import fc from "fast-check";
import { CORPUS } from "../../../tools/testkit/clips/corpus.ts";
import type { AudioFacts } from "../_shared/audio/inspect.ts";
import { brokenRules, refusalOf, refuseUnfit } from "../_shared/audio/policy.ts";
import { ApiError, type ErrorCode } from "../_shared/errors.ts";

const FIT: AudioFacts = {
  container: "wav",
  contentType: "audio/wav",
  codec: "pcm-s16",
  durationSeconds: 12,
  sampleRate: 24_000,
  channels: 1,
};

const WITHIN: [what: string, facts: Partial<AudioFacts>][] = [
  ["12 s", {}],
  ["3 s", { durationSeconds: 3 }],
  ["60 s", { durationSeconds: 60 }],
  ["24 kHz", { sampleRate: 24_000 }],
  ["48 kHz", { sampleRate: 48_000 }],
  ["192 kHz", { sampleRate: 192_000 }],
];

for (const [what, facts] of WITHIN) {
  Deno.test(`a clip of ${what} breaks no rule`, () => {
    assert.deepEqual(brokenRules({ ...FIT, ...facts }), []);
  });
}

const short = (seconds: string) => `This clip is ${seconds} s long; at least 3 s of speech are needed.`;
const long = (seconds: string) =>
  `This clip is ${seconds} s long; at most 60 s are taken, 10 to 20 s are best.`;
const low = (kilohertz: string) => `This clip is sampled at ${kilohertz} kHz; at least 24 kHz are needed.`;
const channels = (count: number) => `This clip has ${count} channels; record it in mono, with one.`;

const BEYOND: [fact: keyof AudioFacts, measured: number, code: ErrorCode, limit: number, sentence: string][] =
  [
    ["durationSeconds", 1.4, "reference_too_short", 3, short("1.4")],
    ["durationSeconds", 2.3, "reference_too_short", 3, short("2.3")],
    ["durationSeconds", 2.976, "reference_too_short", 3, short("2.9")],
    ["durationSeconds", 71_999 / 24_000, "reference_too_short", 3, short("2.9")],
    ["durationSeconds", 1, "reference_too_short", 3, short("1")],
    ["durationSeconds", 1_440_001 / 24_000, "reference_too_long", 60, long("60.1")],
    ["durationSeconds", 60.1, "reference_too_long", 60, long("60.1")],
    ["durationSeconds", 120, "reference_too_long", 60, long("120")],
    ["sampleRate", 23_999, "reference_sample_rate_too_low", 24_000, low("23.999")],
    ["sampleRate", 22_050, "reference_sample_rate_too_low", 24_000, low("22.05")],
    ["sampleRate", 16_000, "reference_sample_rate_too_low", 24_000, low("16")],
    ["sampleRate", 8_000, "reference_sample_rate_too_low", 24_000, low("8")],
    ["channels", 2, "reference_not_mono", 1, channels(2)],
    ["channels", 6, "reference_not_mono", 1, channels(6)],
  ];

for (const [fact, measured, code, limit, sentence] of BEYOND) {
  Deno.test(`a clip is refused: ${sentence} (${measured})`, () => {
    assert.deepEqual(brokenRules({ ...FIT, [fact]: measured }), [{ code, limit, measured, sentence }]);
  });
}

Deno.test("a clip that breaks several rules is refused with the code of the first, and told all", () => {
  const [first, ...others] = brokenRules({ ...FIT, durationSeconds: 1.4, sampleRate: 8_000, channels: 2 });
  assert(first);
  const refusal = refusalOf([first, ...others]);
  assert.equal(refusal.code, "reference_too_short");
  assert.equal(refusal.detail, `${short("1.4")} ${low("8")} ${channels(2)}`);
});

/** The measured value as the sentence tells it: the first number in it. */
const told = (sentence: string | undefined) => Number(/[\d.]+/.exec(sentence ?? "")?.[0]);

Deno.test("no rounding makes a value that is refused look like one that is allowed", () => {
  const below = (limit: number) => fc.double({ min: 1e-6, max: limit, maxExcluded: true, noNaN: true });
  fc.assert(fc.property(below(3), (durationSeconds) => {
    assert(told(brokenRules({ ...FIT, durationSeconds })[0]?.sentence) < 3);
  }));
  fc.assert(
    fc.property(fc.double({ min: 60, max: 1e9, minExcluded: true, noNaN: true }), (durationSeconds) => {
      assert(told(brokenRules({ ...FIT, durationSeconds })[0]?.sentence) > 60);
    }),
  );
  fc.assert(fc.property(below(24_000), (sampleRate) => {
    assert(told(brokenRules({ ...FIT, sampleRate })[0]?.sentence) < 24);
  }));
});

Deno.test("the clips of the corpus break the rules that they were made to break", () => {
  const wrong = CORPUS.flatMap(({ name, facts, code }) => {
    if (facts === null || code === "reference_too_large") return [];
    const broken = brokenRules({ ...FIT, ...facts }).map((rule) => rule.code);
    return broken.join() === (code ?? "") ? [] : [`${name}: ${broken}`];
  });
  assert.deepEqual(wrong, []);
});

Deno.test("a clip of 9,999,999 bytes is looked into, one of 10,000,000 is refused as it is", () => {
  refuseUnfit({ sizeBytes: 9_999_999, contentType: "audio/wav" });
  assert.throws(() => refuseUnfit({ sizeBytes: 10_000_000, contentType: "audio/wav" }), {
    code: "reference_too_large",
    detail: "Reference audio must be under 10MB.",
  });
});

Deno.test("the corpus has clips of 9,999,999 and of 10,000,000 bytes in each format, and only the second is too large", () => {
  const large = CORPUS.filter(({ name }) => /-\d{7,8}-bytes/.test(name));
  assert.equal(large.length, 6);
  for (const { name, bytes, contentType, code } of large) {
    const sizeBytes = bytes().length;
    assert.equal(sizeBytes, Number(/\d{7,8}/.exec(name)?.[0]));
    const refuse = () => refuseUnfit({ sizeBytes, contentType });
    if (code === null) refuse();
    else assert.throws(refuse, (error) => error instanceof ApiError && error.code === code);
  }
});

const TAKEN = "audio/wav audio/x-wav audio/wave audio/vnd.wave audio/mpeg audio/mp3 audio/x-mp3 audio/mp4 " +
  "audio/x-m4a audio/m4a audio/aac video/mp4";

for (const type of TAKEN.split(" ")) {
  Deno.test(`a clip declared as ${type} is looked into`, () =>
    refuseUnfit({ sizeBytes: 1, contentType: type }));
}

for (const type of ["audio/webm", "audio/ogg", "video/webm", "text/html", "application/octet-stream", ""]) {
  Deno.test(`a clip declared as ${type || "nothing"} is refused as it is`, () => {
    assert.throws(() => refuseUnfit({ sizeBytes: 1, contentType: type }), {
      code: "reference_type_unsupported",
      detail: "This audio type is not supported. Upload WAV, MP3 or M4A.",
    });
  });
}
