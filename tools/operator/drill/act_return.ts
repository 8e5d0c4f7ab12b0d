import type { Stayed } from "./act_modal.ts";
import type { Left } from "./act_qwen.ts";
import { demandEqual, demandSameBytes } from "./demands.ts";
import { voiceIn } from "./drill_client.ts";
import type { Stage } from "./stage.ts";

/** The last act: back to qwen, what was left is settled, and nothing is lost. */
export async function returnToQwen(
  { step, client, provider, books, reconfigure }: Stage,
  { first, lost, waiting, voices }: Left,
  modal: Stayed,
): Promise<void> {
  await step("switch back to qwen", async () => {
    await provider.recover();
    await reconfigure({ TTS_PROVIDER_MODE: "qwen" });
    const { languages } = await client.untilProvider("qwen");
    demandEqual("supports_generate", languages?.capabilities.supports_generate, true);
  }, () => "/languages says qwen, and speaking");

  const settled = await step("settle the unresolved finalize", async () => {
    const { completed, unresolved } = await client.repair();
    demandEqual("What a repair completed and left", [completed, unresolved], [1, []]);
    const { id } = await client.finalize(lost.upload);
    demandEqual("The voice of the finalize, repeated", id, lost.upload.voiceId);
    const row = voiceIn(await client.voices(), id);
    demandEqual(
      "Its provider and its provider's voice",
      [row.tts_provider, row.provider_voice_id],
      ["qwen", lost.providerVoiceId],
    );
    demandEqual("What the provider bills", (await provider.account()).created, 2);
    return await client.speak(id, "The voice that was lost speaks.");
  }, () => "by a repair; the voice was billed once, its user has it, and it speaks");

  const again = await step(
    "speak again with the first voice",
    () => client.speak(first.upload.voiceId, "The first voice speaks again."),
    ({ seconds }) => `${seconds.toFixed(1)} s of speech`,
  );

  const late = await step("speak the text that waited", async () => {
    const done = { completed: 1, failed: 0, put_back: 0, over: 0, more: false };
    demandEqual("What a worker did", await client.work(), done);
    return await client.hear(await client.task(waiting.id));
  }, ({ seconds }) => `${seconds.toFixed(1)} s of speech, by a worker`);

  await step("nothing is lost", async () => {
    const list = await client.voices();
    demandEqual("How many voices are listed", list.length, 3);
    for (const before of [...voices, modal.voice]) {
      demandEqual("A voice from before", voiceIn(list, before.id), before);
    }
    for (const { voiceId, clip } of [first.upload, lost.upload, modal.upload]) {
      const preview = await client.preview(voiceId);
      demandSameBytes(preview, clip.bytes, `The clip of ${voiceId} is not what was uploaded.`);
    }
    for (const { task, audio } of [first.spoken, settled, again, late]) {
      const heard = await client.hear(await client.task(task.id));
      demandSameBytes(heard.audio, audio, "Something that was spoken sounds otherwise now.");
    }
    const refusal = await client.generateRefused(modal.upload.voiceId, "A modal voice has no speech.");
    demandEqual("A text for the modal voice", refusal, "409 voice_not_ready");

    const { provider_voices, ours, orphans, foreign, gone, unresolved } = await client.repair();
    demandEqual("What a repair finds", { provider_voices, ours, orphans, foreign, gone, unresolved }, {
      provider_voices: 2,
      ours: 2,
      orphans: [],
      foreign: [],
      gone: [],
      unresolved: [],
    });
    demandEqual("What is open", await books.open(), {
      enrollments: [{ state: "finalized", count: 2, unresolved: 0 }],
      tasks: [{ status: "completed", count: 4 }],
    });
    const { created, spoken } = await provider.account();
    demandEqual("What the provider bills", { created, spoken }, { created: 2, spoken: 4 });
  }, () => "3 voices, 3 clips, 4 spoken texts; billed 2 voices and 4 texts");
}
