import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import { messageOf } from "./terminal.ts";

function said(args: string[], allowPositionals: boolean): string {
  try {
    parseArgs({ args, allowPositionals, options: { json: { type: "string" }, quick: { type: "boolean" } } });
  } catch (error) {
    return messageOf(error);
  }
  return "nothing";
}

Deno.test("a command line that cannot be read gives one sentence, and where to look", () => {
  const wrong: [args: string[], sentence: string][] = [
    [["--bogus"], "Unknown option '--bogus'. See --help."],
    [["-x"], "Unknown option '-x'. See --help."],
    [["--json"], "Option '--json <value>' argument missing. See --help."],
    [["--json", "-1"], "Option '--json' argument is ambiguous. See --help."],
    [["--quick=yes"], "Option '--quick' does not take an argument. See --help."],
  ];
  for (const [args, sentence] of wrong) {
    for (const allowPositionals of [true, false]) assert.equal(said(args, allowPositionals), sentence);
  }
  assert.equal(said(["more"], false), "Unexpected argument 'more'. See --help.");
});

Deno.test("of anything else that was thrown, its own words", () => {
  assert.equal(messageOf(new Error("It failed. To be sure, look.")), "It failed. To be sure, look.");
  assert.equal(messageOf("words"), "words");
});
