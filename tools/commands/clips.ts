// `npm run clips`: the test corpus as files.
import { join } from "node:path";
import { CORPUS } from "../testkit/clips/corpus.ts";
import { logToStderr, logToStdout } from "../stack/terminal.ts";

const usage = `Writes the test corpus to a folder: clips of every accepted format, and files that are refused.

  npm run clips -- DIR

index.json in that folder says how each file is uploaded, what is read of it, and with which code it is refused. The
files are the same each time.`;

if (Deno.args.includes("--help")) {
  logToStdout(usage);
  Deno.exit(0);
}
const [folder, ...others] = Deno.args;
if (folder === undefined || folder.startsWith("-") || others.length > 0) {
  logToStderr(usage);
  Deno.exit(2);
}

await Deno.mkdir(folder, { recursive: true });
const index: unknown[] = [];
let total = 0;
for (const { name, contentType, bytes, facts, toleranceSeconds, code } of CORPUS) {
  const clip = bytes();
  await Deno.writeFile(join(folder, name), clip);
  total += clip.length;
  index.push({
    file: name,
    size_bytes: clip.length,
    content_type: contentType,
    reads_as: facts && {
      container: facts.container,
      codec: facts.codec,
      duration_seconds: facts.durationSeconds,
      tolerance_seconds: toleranceSeconds,
      sample_rate: facts.sampleRate,
      channels: facts.channels,
    },
    refused_with: code,
  });
}
await Deno.writeTextFile(join(folder, "index.json"), `${JSON.stringify(index, null, 2)}\n`);
logToStdout(`Wrote ${index.length} clips, ${Math.round(total / 1e6)} MB, and index.json to ${folder}.`);
