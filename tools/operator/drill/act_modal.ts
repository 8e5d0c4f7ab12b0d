import type { Clip } from "../clip_file.ts";
import type { Left } from "./act_qwen.ts";
import { demand, demandEqual, demandSameBytes } from "./demands.ts";
import { voiceIn } from "./drill_client.ts";
import type { Stage } from "./stage.ts";

/** What the days in modal mode add. */
export type Stayed = Awaited<ReturnType<typeof stayInModal>>;

/** The second act: everything is as it was, cloning works, and what waits is left alone. */
export async function stayInModal(stage: Stage, { first, lost, waiting, voices, open }: Left, clip: Clip) {
  const { step, client, provider, books } = stage;

  const calls = await step("switch to modal", async () => {
    await stage.reconfigure({ TTS_PROVIDER_MODE: "modal" });
    const { languages } = await client.untilProvider("modal");
    demandEqual("supports_generate", languages?.capabilities.supports_generate, false);
    return await provider.calls();
  }, () => "/languages says modal, and no speaking");

  await step("voices and uploads are intact", async () => {
    demandEqual("The voices listed", await client.voices(), voices);
    demandSameBytes(
      await client.preview(first.upload.voiceId),
      first.upload.clip.bytes,
      "The first voice's clip is not what was uploaded.",
    );
    demandSameBytes(
      await client.storedClip(lost.upload),
      lost.upload.clip.bytes,
      "The clip of the unresolved finalize is not what was uploaded.",
    );
  }, () => "1 row with its provider voice, 2 clips byte for byte");

  await step("speaking waits", async () => {
    const refusal = await client.generateRefused(first.upload.voiceId, "Nobody speaks this.");
    demandEqual("A text for the first voice", refusal, "409 voice_not_ready");
    const heard = await client.hear(await client.task(first.spoken.task.id));
    demandEqual("The task that was completed", heard.task, first.spoken.task);
    demandSameBytes(
      heard.audio,
      first.spoken.audio,
      "What was spoken before the switch sounds otherwise now.",
    );
    demandEqual("The text that waits", await client.task(waiting.id), waiting);
  }, () => "409 voice_not_ready; what was spoken can be heard");

  const upload = await step("clone with modal", async () => {
    const upload = await client.upload("Linus", clip);
    await client.finalize(upload);
    const [newest, ...others] = await client.voices();
    demandEqual("The newest voice", [newest?.id, newest?.tts_provider], [upload.voiceId, "modal"]);
    demandEqual("The other voices", others, voices);
    const preview = await client.preview(upload.voiceId);
    demandSameBytes(preview, clip.bytes, "The modal voice's clip is not what was uploaded.");
    return upload;
  }, ({ voiceId }) => `voice ${voiceId}`);

  await step("the scheduled jobs leave it alone", async () => {
    // As if it had waited for long: in qwen mode any worker would take it up now.
    await books.endPause(waiting.id);
    const before = await books.task(waiting.id);
    const nothing = { completed: 0, failed: 0, put_back: 0, over: 0, more: false };
    demandEqual("What a worker did", await client.work(), nothing);
    const { completed, unresolved } = await client.repair();
    demandEqual("What a repair completed", completed, 0);
    demandEqual("What it leaves unresolved", unresolved, [{ voice_id: lost.upload.voiceId, found: false }]);
    demandEqual("The task that waits", await books.task(waiting.id), before);
    demandEqual("What is open", await books.open(), open);
    demand(await provider.calls() === calls, "The provider was called in modal mode.");
  }, () => "what is open is as it was, and the provider was not called");

  return { upload, voice: voiceIn(await client.voices(), upload.voiceId) };
}
