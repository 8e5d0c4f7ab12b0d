/**
 * How a provider call failed, and with it whether a voice may exist:
 *
 * - `rejected`: the provider refuses this audio or transcript; of a synthesis, this text or this voice
 * - `reference_unreachable`: the provider could not fetch the clip
 * - `misconfigured`: key, region, account, model or our request is wrong
 * - `voice_limit`: the account's voices are used up
 * - `throttled`: too many requests
 * - `server_error`: it answered that it failed; whether it made the voice is unknown
 * - `unreadable_answer`: it answered success without saying which voice; unknown
 * - `no_answer`: no HTTP answer at all (refused, DNS, reset, timeout): unknown, for the runtime does not distinguish them
 *
 * A synthesis leaves nothing behind at the provider, so nothing about it is unknown. After the last three it may simply
 * run again, at the price of being paid for twice; after `throttled` too, a while later. `rejected` is final.
 * `misconfigured` ends the attempt and is the operator's to mend. `reference_unreachable` and `voice_limit` speak of a
 * create and are not expected of a synthesis; should one come, it is final as well.
 */
export type ProviderErrorCategory =
  | "rejected"
  | "reference_unreachable"
  | "misconfigured"
  | "voice_limit"
  | "throttled"
  | "server_error"
  | "unreadable_answer"
  | "no_answer";

const UNKNOWN_OUTCOME: ReadonlySet<ProviderErrorCategory> = new Set([
  "server_error",
  "unreadable_answer",
  "no_answer",
]);

/** A failed provider call. The message is for the log; only `refusal` may be shown to a user. */
export class ProviderError extends Error {
  override readonly name = "ProviderError";
  readonly category: ProviderErrorCategory;
  readonly status: number | undefined;
  readonly providerCode: string | undefined;
  readonly providerRequestId: string | undefined;
  /** With `rejected`: our own sentence about what was refused. */
  readonly refusal: string | undefined;
  /** Whether the operator must hear of it: of `misconfigured` always, of a refusal where something of ours is wrong. */
  readonly isAlarming: boolean;

  constructor(category: ProviderErrorCategory, message: string, options: {
    status?: number;
    providerCode?: string;
    providerRequestId?: string;
    refusal?: string;
    isAlarming?: boolean;
    cause?: unknown;
  } = {}) {
    super(message, { cause: options.cause });
    this.category = category;
    this.status = options.status;
    this.providerCode = options.providerCode;
    this.providerRequestId = options.providerRequestId;
    this.refusal = options.refusal;
    this.isAlarming = category === "misconfigured" || (options.isAlarming ?? false);
  }

  /** Whether the call, if it was a create, may have made a voice all the same. A synthesis that failed so may run again. */
  get outcomeUnknown(): boolean {
    return UNKNOWN_OUTCOME.has(this.category);
  }
}
