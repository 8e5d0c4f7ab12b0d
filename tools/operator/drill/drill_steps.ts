import type { Stack } from "../../stack/embedded_stack.ts";
import { readOwnClip } from "../clip_file.ts";
import { inSeconds } from "../spoken_audio.ts";
import type { Step } from "../steps.ts";
import type { Books } from "./books.ts";
import { demand, demandEqual, demandSameBytes } from "./demands.ts";
import { type Client, type Spoken, voiceIn } from "./drill_client.ts";
import type { Provider } from "./drill_provider.ts";

/** Often enough for every call until the provider recovers. */
const ALWAYS = 1_000;

/** Goes to modal and back, and looks at what is there. Throws a Failure that names the step that is not as it should be. */
export async function playDrill({ step, client, provider, books, reconfigure }: {
  step: Step;
  client: Client;
  provider: Provider;
  books: Books;
  reconfigure: Stack["reconfigure"];
}): Promise<void> {
  // Three formats, so that no clip can be taken for another.
  const clips = {
    first: await readOwnClip("wav"),
    lost: await readOwnClip("mp3"),
    modal: await readOwnClip("m4a"),
  };
  const ofSpeech = ({ seconds }: Spoken) => `${inSeconds(seconds)} of speech`;

  // With qwen: a voice that speaks, then a provider that fails, and what that leaves open.

  const first = await step("clone and speak with qwen", async () => {
    const upload = await client.upload("Ada", clips.first);
    await client.finalize(upload);
    const { tts_provider, provider_voice_id } = voiceIn(await client.voices(), upload.voiceId);
    demandEqual("The first voice's provider", tts_provider, "qwen");
    demandEqual("What the provider has", (await provider.account()).voices, [provider_voice_id]);
    const spoken = await client.speak(upload.voiceId, "The first voice speaks for the first time.");
    return { upload, spoken };
  }, ({ upload, spoken }) => `voice ${upload.voiceId}, ${ofSpeech(spoken)}`);

  const voices = await client.voices();

  const lost = await step("leave a finalize unresolved", async () => {
    await provider.fail(
      { action: "create", answer: { kind: "cut", when: "after" } },
      { action: "list", times: ALWAYS, answer: { kind: "error", code: "InternalError" } },
    );
    const upload = await client.upload("Grace", clips.lost);
    demandEqual("The finalize", await client.finalizeRefused(upload), "502 provider_unavailable");
    demandEqual("The voices listed", await client.voices(), voices);
    const account = await provider.account();
    demandEqual("What the provider bills", account.created, 2);
    const [providerVoiceId] = account.voices;
    demand(providerVoiceId !== undefined, "The provider has no voice.");
    return { upload, providerVoiceId };
  }, () => "502 provider_unavailable; the provider made the voice, and bills it");

  const waiting = await step("leave a text waiting", async () => {
    const code = "Throttling.RateQuota";
    await provider.fail({ action: "synthesize", times: ALWAYS, answer: { kind: "error", code } });
    return await client.generate(
      first.upload.voiceId,
      "This text waits until Qwen is back.",
      (task) => task.status === "pending" && task.provider_status === "throttled",
    );
  }, () => "pending, throttled");

  const open = await step("write down what is open", async () => {
    const open = await books.open();
    demandEqual("What is open", open, {
      enrollments: [
        { state: "finalized", count: 1, unresolved: 0 },
        { state: "sending", count: 1, unresolved: 1 },
      ],
      tasks: [{ status: "completed", count: 1 }, { status: "pending", count: 1 }],
    });
    return open;
  }, () => "1 enrollment unresolved, 1 text pending");

  // In modal mode: everything is as it was, cloning works, and what waits is left alone.

  const calls = await step("switch to modal", async () => {
    await reconfigure({ TTS_PROVIDER_MODE: "modal" });
    const { languages } = await client.untilProvider("modal");
    demandEqual("supports_generate", languages?.capabilities.supports_generate, false);
    return await provider.calls();
  }, () => "/languages says modal, and no speaking");

  await step("voices and uploads are intact", async () => {
    demandEqual("The voices listed", await client.voices(), voices);
    const preview = await client.preview(first.upload.voiceId);
    demandSameBytes(preview, clips.first.bytes, "The first voice's clip is not what was uploaded.");
    const stored = await client.storedClip(lost.upload);
    demandSameBytes(
      stored,
      clips.lost.bytes,
      "The clip of the unresolved finalize is not what was uploaded.",
    );
  }, () => "1 row with its provider voice, 2 clips byte for byte");

  await step("speaking waits", async () => {
    const refusal = await client.generateRefused(first.upload.voiceId, "Nobody speaks this.");
    demandEqual("A text for the first voice", refusal, "409 voice_not_ready");
    const { task, audio } = await client.hear(await client.task(first.spoken.task.id));
    demandEqual("The task that was completed", task, first.spoken.task);
    demandSameBytes(audio, first.spoken.audio, "What was spoken before the switch sounds otherwise now.");
    demandEqual("The text that waits", await client.task(waiting.id), waiting);
  }, () => "409 voice_not_ready; what was spoken can be heard");

  const modal = await step("clone with modal", async () => {
    const upload = await client.upload("Linus", clips.modal);
    await client.finalize(upload);
    const [newest, ...others] = await client.voices();
    demandEqual("The newest voice", [newest?.id, newest?.tts_provider], [upload.voiceId, "modal"]);
    demandEqual("The other voices", others, voices);
    const preview = await client.preview(upload.voiceId);
    demandSameBytes(preview, clips.modal.bytes, "The modal voice's clip is not what was uploaded.");
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

  const modalVoice = voiceIn(await client.voices(), modal.voiceId);

  // Back with qwen: what was left is settled, and nothing is lost.

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
    const made = [row.tts_provider, row.provider_voice_id];
    demandEqual("Its provider and its provider's voice", made, ["qwen", lost.providerVoiceId]);
    demandEqual("What the provider bills", (await provider.account()).created, 2);
    return await client.speak(id, "The voice that was lost speaks.");
  }, () => "by a repair; the voice was billed once, its user has it, and it speaks");

  const again = await step(
    "speak again with the first voice",
    () => client.speak(first.upload.voiceId, "The first voice speaks again."),
    ofSpeech,
  );

  const late = await step("speak the text that waited", async () => {
    const done = { completed: 1, failed: 0, put_back: 0, over: 0, more: false };
    demandEqual("What a worker did", await client.work(), done);
    return await client.hear(await client.task(waiting.id));
  }, (spoken) => `${ofSpeech(spoken)}, by a worker`);

  await step("nothing is lost", async () => {
    const list = await client.voices();
    demandEqual("How many voices are listed", list.length, 3);
    for (const before of [...voices, modalVoice]) {
      demandEqual("A voice from before", voiceIn(list, before.id), before);
    }
    for (const { voiceId, clip } of [first.upload, lost.upload, modal]) {
      const preview = await client.preview(voiceId);
      demandSameBytes(preview, clip.bytes, `The clip of ${voiceId} is not what was uploaded.`);
    }
    for (const { task, audio } of [first.spoken, settled, again, late]) {
      const heard = await client.hear(await client.task(task.id));
      demandSameBytes(heard.audio, audio, "Something that was spoken sounds otherwise now.");
    }
    const refusal = await client.generateRefused(modal.voiceId, "A modal voice has no speech.");
    demandEqual("A text for the modal voice", refusal, "409 voice_not_ready");

    const { provider_voices, ours, orphans, foreign, gone, unresolved } = await client.repair();
    demandEqual(
      "What a repair finds",
      { provider_voices, ours, orphans, foreign, gone, unresolved },
      { provider_voices: 2, ours: 2, orphans: [], foreign: [], gone: [], unresolved: [] },
    );
    demandEqual("What is open", await books.open(), {
      enrollments: [{ state: "finalized", count: 2, unresolved: 0 }],
      tasks: [{ status: "completed", count: 4 }],
    });
    const { created, spoken } = await provider.account();
    demandEqual("What the provider bills", { created, spoken }, { created: 2, spoken: 4 });
  }, () => "3 voices, 3 clips, 4 spoken texts; billed 2 voices and 4 texts");
}
