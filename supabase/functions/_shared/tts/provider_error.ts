/**
 * How a provider call failed:
 *
 * - `rejected`: the provider refuses this audio or transcript, or the text or voice of a synthesis
 * - `reference_unreachable`: the provider could not fetch the clip
 * - `misconfigured`: key, region, account, model or request is wrong; the operator must fix it
 * - `voice_limit`: the account holds its maximum of voices
 * - `throttled`: too many requests
 * - `server_error`: the provider reported a failure; it may have created the voice
 * - `unreadable_answer`: the provider reported success without a voice id; it may have created the voice
 * - `no_answer`: no HTTP response (refused, DNS, reset, timeout, which the runtime does not distinguish); likewise
 *
 * A synthesis stores nothing at the provider. After the last three it may run again, and is paid for twice; after
 * `throttled` it may run again later. All other categories end its task.
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

/** A failed provider call. The message is for the log; users see only `refusal`. */
export class ProviderError extends Error {
  override readonly name = "ProviderError";
  readonly category: ProviderErrorCategory;
  readonly status: number | undefined;
  readonly providerCode: string | undefined;
  readonly providerRequestId: string | undefined;
  /** With `rejected`: the API's sentence about what was refused. */
  readonly refusal: string | undefined;
  /** Logged as an error: always for `misconfigured`, and for a refusal that the operator has to fix. */
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

  /** Whether a create may have made a voice. A synthesis may run again. */
  get outcomeUnknown(): boolean {
    return ["server_error", "unreadable_answer", "no_answer"].includes(this.category);
  }
}
