import type { TaskResponse } from "../../../supabase/functions/_shared/contract/get_task.ts";
import type { Clip } from "../smoke/clip.ts";
import { demand, demandEqual } from "./steps.ts";
import { speak, type Stage, voiceIn } from "./stage.ts";

/** Often enough for every call until the provider recovers. */
const ALWAYS = 1_000;

/** What stands when the operator decides to switch. */
export type Left = Awaited<ReturnType<typeof leaveQwen>>;

/** The first act: a voice that speaks, then a provider that fails, and what that leaves open. */
export async function leaveQwen(
  { step, client, provider, books }: Stage,
  clips: { spoken: Clip; lost: Clip },
) {
  const first = await step("clone and speak with qwen", async () => {
    const upload = await client.upload("Ada", clips.spoken);
    await client.finalize(upload);
    const { tts_provider, provider_voice_id } = voiceIn(await client.voices(), upload.voiceId);
    demandEqual("The first voice's provider", tts_provider, "qwen");
    demandEqual("What the provider has", (await provider.account()).voices, [provider_voice_id]);
    return {
      upload,
      spoken: await speak(client, upload.voiceId, "The first voice speaks for the first time."),
    };
  }, ({ upload, spoken }) => `voice ${upload.voiceId}, ${spoken.seconds.toFixed(1)} s of speech`);

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
    const putBack = ({ status, provider_status }: TaskResponse) =>
      status === "pending" && provider_status === "throttled";
    return await client.generate(first.upload.voiceId, "This text waits until Qwen is back.", putBack);
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

  return { first, lost, waiting, voices, open };
}
