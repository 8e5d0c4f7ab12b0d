#!/usr/bin/env bash
# mediabunny refuses many an MP3 that begins inside a frame, as the middle of a stream and a cut recording do.
#
# One would expect: it looks on until frames follow one another, as decoders do. It does look up to 4 KiB on for the first.
# What happens: it takes the first four bytes that could be a header, and when no second header stands behind that one, it
# gives up: UnsupportedInputFormatError. Compressed sound is full of such bytes. mpg123 decodes every one of these files.
# Versions: mediabunny 1.61.0, mpg123-decoder 1.0.3; encoded with @breezystack/lamejs 1.2.7.
# Why it matters here: it reads the uploaded MP3s, and a fit one would be refused.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm pkg set type=module >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts mediabunny@1.61.0 mpg123-decoder@1.0.3 @breezystack/lamejs@1.2.7
cat >try.js <<'JS'
import { readFileSync } from "node:fs";
import { Mp3Encoder } from "@breezystack/lamejs";
import { BufferSource, Input, MP3 } from "mediabunny";
import { MPEGDecoder } from "mpg123-decoder";

for (const name of ["mediabunny", "mpg123-decoder", "@breezystack/lamejs"]) {
  console.log(name, JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version);
}
// Five seconds of a loud buzz in 128 kbit/s, 24 kHz, one channel: frames of 384 bytes.
const samples = Int16Array.from(
  { length: 120_000 },
  (_, at) => 30_000 * Math.sign(Math.sin(at / 24_000 * 2 * Math.PI * 150)),
);
const encoder = new Mp3Encoder(1, 24_000, 128);
const file = Buffer.concat([encoder.encodeBuffer(samples), encoder.flush()].map((part) => Buffer.from(part)));

const decoder = new MPEGDecoder();
await decoder.ready;
const counts = { files: 0, refused: 0, undecoded: 0 };
for (let cut = 2_000; cut < 12_000; cut += 37) {
  const rest = new Uint8Array(file.subarray(cut));
  counts.files++;
  try {
    await new Input({ formats: [MP3], source: new BufferSource(rest) }).getFormat();
  } catch {
    counts.refused++;
  }
  await decoder.reset();
  const { samplesDecoded } = decoder.decode(rest);
  if (samplesDecoded < 4 * 24_000) counts.undecoded++;
}
decoder.free();
const { files, refused, undecoded } = counts;
console.log(`expected: refused by neither; seen: of ${files} files mediabunny refuses ${refused}, mpg123 ${undecoded}`);
process.exit(refused > 0 && undecoded === 0 ? 0 : 1);
JS
node try.js
