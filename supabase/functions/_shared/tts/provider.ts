import type { Bytes } from "../bytes.ts";
import type { Language, SentLanguage } from "./languages.ts";

export type TtsProviderName = "qwen" | "modal";

/** What a user asked for: the fields that a repeated finalize must give again. */
export type VoiceDetails = {
  name: string;
  language: Language;
  transcript: string;
  description: string | null;
};

/** The uploaded sample as a provider is handed it. */
export interface Reference {
  /** What its bytes are, whatever it was declared to be. */
  readonly contentType: string;
  readonly sizeBytes: number;
  /** A URL anyone can GET for `seconds`. */
  sign(seconds: number): Promise<string>;
  /** The whole clip, in memory that is the caller's to let go. */
  read(): Promise<Uint8Array>;
}

/** A voice as the provider keeps it, with everything that later synthesis needs. */
export type ProviderVoice = {
  providerVoiceId: string;
  targetModel: string;
  kind: string;
  region: string;
  requestId: string | null;
  metadata: Record<string, unknown>;
};

/** A voice as the provider's list shows it. */
export type ListedVoice = {
  voice: ProviderVoice;
  /** Null when the list does not say. */
  createdAt: Date | null;
};

/** What there is to save of a new voice; a provider that keeps no voices of ours has only metadata. */
export type SavedVoice =
  | { provider: "qwen"; voice: ProviderVoice }
  | { provider: "modal"; metadata: Record<string, unknown> };

/** What a voice is made of. */
export type CloneRequest = {
  details: VoiceDetails;
  /** What makes this voice findable in the provider's list: ten characters of `[a-z0-9]`. */
  token: string;
  language: SentLanguage;
  reference: Reference;
  /** What was learnt of the reference, kept with the voice. */
  referenceMetadata: Record<string, unknown>;
  signal: AbortSignal;
};

/** A clone whose reference is ready to be sent: its URL is signed, or its bytes are read. */
export interface PreparedClone {
  /**
   * Has the provider make the voice: one call, sent at once, that is never repeated.
   * @param timeoutMs milliseconds that it may take
   */
  cloneVoice(timeoutMs: number): Promise<SavedVoice>;
}

/** What to say, and with which voice. */
export type SynthesisRequest = {
  text: string;
  /** The language of the text; `Auto` leaves it to the provider. */
  language: Language;
  providerVoiceId: string;
  /** The voice's own, as its row has it: with any other model the voice does not speak. */
  targetModel: string;
  signal: AbortSignal;
};

/** Speech as the provider gave it: not yet proved to be audio. */
export type Speech = {
  bytes: Bytes;
  requestId: string | null;
  /** What the provider said of it, fit to be kept: neither the text nor an address. */
  metadata: Record<string, unknown>;
};

/** What the application asks of a provider. Every method throws a ProviderError when the provider fails it. */
export interface TtsProvider {
  readonly name: TtsProviderName;
  /** Where its voices live; `none` when it keeps none. */
  readonly region: string;
  /** Whether it keeps voices of ours: then a clone is a create that is paid for, and marked as sent beforehand. */
  readonly keepsVoices: boolean;
  /**
   * Does the work of one clone, from preparing it to its end, in the reference's turn: few that are sent themselves fit in
   * memory at once, a signed URL waits for nobody.
   * @throws {ApiError} reference_too_large for a reference that cannot be sent at all
   */
  inTurn<Result>(reference: Reference, signal: AbortSignal, work: () => Promise<Result>): Promise<Result>;
  /** Presents the reference. Nothing is made until `cloneVoice` is called. */
  prepareClone(request: CloneRequest): Promise<PreparedClone>;
  /** Speaks a text with a voice; null when the provider cannot. It keeps nothing, so it may be asked again. */
  readonly synthesize: ((request: SynthesisRequest) => Promise<Speech>) | null;
  /** Looks for the voice of a create whose outcome is unknown; the oldest when there are several, null when none. */
  findVoice(token: string, signal: AbortSignal): Promise<ProviderVoice | null>;
  /** Every voice of the account, oldest first. */
  listVoices(signal: AbortSignal): Promise<ListedVoice[]>;
  /** Removes a voice for good; one that is gone already is no error. */
  deleteVoice(providerVoiceId: string, signal: AbortSignal): Promise<void>;
}
