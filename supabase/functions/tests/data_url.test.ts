import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { DataUrl, encodeJson } from "../_shared/tts/providers/data_url.ts";

Deno.test("a body with a clip is the JSON that it would be with the whole data URL in its place", () => {
  const body = fc.record({ before: fc.string({ unit: "binary" }), after: fc.string({ unit: "binary" }) });
  const clips = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc.integer({ min: 24_570, max: 49_160 }).map((length) =>
      new Uint8Array(length).map((_, index) => index % 251)
    ),
  );
  fc.assert(fc.property(body, clips, fc.nat(7), ({ before, after }, clip, offset) => {
    // Part of a larger buffer, as what is read from the network may be.
    const bytes = new Uint8Array(clip.length + offset).subarray(offset);
    bytes.set(clip);
    const encoded = encodeJson({ before, audio: { data: new DataUrl("audio/wav", bytes) }, after });
    assert(encoded instanceof Uint8Array);
    const data = `data:audio/wav;base64,${Buffer.from(clip).toString("base64")}`;
    assert.equal(
      new TextDecoder().decode(encoded) === JSON.stringify({ before, audio: { data }, after }),
      true,
    );
  }));
});

Deno.test("a body without a clip is plain JSON", () => {
  assert.equal(encodeJson({ action: "list", page: 0 }), '{"action":"list","page":0}');
});
