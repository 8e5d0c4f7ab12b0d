import { join } from "node:path";
import { CORPUS } from "../testkit/clips/corpus.ts";
import { logToStderr, logToStdout } from "../stack/terminal.ts";

const usage = `Writes clips of every accepted format, and files that are refused, to a folder.

  npm run clips -- DIR

index.json lists for each file its content type, what the function reads from it, and the error code of its refusal.
Every run writes the same files.`;

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
