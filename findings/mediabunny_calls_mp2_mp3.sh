#!/usr/bin/env bash
# mediabunny reads MPEG audio of layer II (MP2) as the format MP3 with the codec "mp3".
#
# One would expect: a file of layer II is unsupported, or its codec is told apart, for a decoder of MP3 is one of layer III.
# What happens: getFormat() is MP3, getCodec() "mp3" and the duration right.
# Version: mediabunny 1.61.0.
# Why it matters here: an MP2 that is called .mp3 passes the check of a clip as an MP3. ffmpeg decodes both, so it is left.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm pkg set type=module >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts mediabunny@1.61.0
cat >try.js <<'JS'
import { readFileSync } from "node:fs";
import { BufferSource, Input, MP3 } from "mediabunny";

console.log("mediabunny", JSON.parse(readFileSync("node_modules/mediabunny/package.json", "utf8")).version);
// MPEG-1, layer II, 64 kbit/s, 48 kHz, one channel, without a checksum: 144 * 64,000 / 48,000 = 192 bytes, of silence
// (no band is allocated any bits), 24 ms each.
const frame = new Uint8Array(192);
frame.set([0xff, 0xfd, 0x44, 0xc0]);
const file = new Uint8Array(192 * 100);
for (let at = 0; at < file.length; at += frame.length) file.set(frame, at);
const input = new Input({ formats: [MP3], source: new BufferSource(file) });
const format = (await input.getFormat()).name;
const track = await input.getPrimaryAudioTrack();
const codec = await track.getCodec();
console.log(`expected: unsupported, or a codec other than mp3; seen: format ${format}, codec ${codec}, ${await input.computeDuration()} s`);
process.exit(format === "MP3" && codec === "mp3" ? 0 : 1);
JS
node try.js
