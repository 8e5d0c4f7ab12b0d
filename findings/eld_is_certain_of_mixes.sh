#!/usr/bin/env bash
# eld calls a transcript in two languages reliable, and names one of them.
#
# One would expect: isReliable() is false for a text that is half in Chinese and half in Japanese, or half in English and
# half in Russian, as it is for a text that it cannot tell.
# What happens: it is true, and one half is passed over in silence. What is in another script does not count against the
# first choice.
# Version: eld 2.1.0, the n-grams "small".
# Why it matters here: for `Auto` the transcript's language is sent to the provider, which checks it against the clip.
# supabase/functions/_shared/tts/scripts.ts therefore asks for one script that leads.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm pkg set type=module >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts eld@2.1.0
cat >try.js <<'JS'
import { readFileSync } from "node:fs";
import { eld } from "eld/small";

console.log("eld", JSON.parse(readFileSync("node_modules/eld/package.json", "utf8")).version);
const texts = [
  ["Chinese and Japanese", "你好，很高兴认识你。こんにちは、はじめまして。", "ja"],
  ["Korean and Japanese", "안녕하세요 저는 학생입니다. こんにちは、私は学生です。", "ja"],
  ["English and Russian", "Hello my friends, how are you today? Здравствуйте, меня зовут Иван.", "ru"],
];
let asSeen = true;
for (const [what, text, seen] of texts) {
  const detected = eld.detect(text);
  console.log(`${what}: expected not reliable; seen ${detected.language}, reliable: ${detected.isReliable()}`);
  asSeen &&= detected.language === seen && detected.isReliable();
}
process.exit(asSeen ? 0 : 1);
JS
node try.js
