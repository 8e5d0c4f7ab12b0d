import type { Bytes } from "../bytes.ts";
import type { Language, SentLanguage } from "./languages.ts";

export type TtsProviderName = "qwen" | "modal";

/** The details of a voice, which a repeated finalize must repeat. */
export type VoiceDetails = {
  name: string;
  language: Language;
  transcript: string;
  description: string | null;
};

/** The uploaded clip, for a provider. */
export interface Reference {
  /** As found in the bytes, not as declared. */
  readonly contentType: string;
  readonly sizeBytes: number;
  /** A URL that anyone can GET for `seconds`. */
  sign(seconds: number): Promise<string>;
  /** The whole clip, in memory that the caller may release. */
  read(): Promise<Uint8Array>;
}

/** A voice at the provider, with what synthesis needs. */
export type ProviderVoice = {
  providerVoiceId: string;
  targetModel: string;
  kind: string;
  region: string;
  requestId: string | null;
  metadata: Record<string, unknown>;
};

export type ListedVoice = {
  voice: ProviderVoice;
  /** Null if the list does not contain it. */
  createdAt: Date | null;
};

/** What is saved of a new voice. A provider that stores no voices returns only metadata. */
export type SavedVoice =
  | { provider: "qwen"; voice: ProviderVoice }
  | { provider: "modal"; metadata: Record<string, unknown> };

export type CloneRequest = {
  details: VoiceDetails;
  /** Finds this voice in the provider's list: ten characters of `[a-z0-9]`. */
  token: string;
  language: SentLanguage;
  reference: Reference;
  /** The properties of the reference, to save with the voice. */
  referenceMetadata: Record<string, unknown>;
  signal: AbortSignal;
};

/** A clone whose reference is ready: its URL is signed, or its bytes are read. */
export interface PreparedClone {
  /** Creates the voice with one request, sent at once and never repeated. */
  cloneVoice(timeoutMs: number): Promise<SavedVoice>;
}

export type SynthesisRequest = {
  text: string;
  /** `Auto` lets the provider detect it. */
  language: Language;
  providerVoiceId: string;
  /** The voice's own model: no other can speak it. */
  targetModel: string;
  signal: AbortSignal;
};

/** Speech as the provider returned it, not yet checked to be audio. */
export type Speech = {
  bytes: Bytes;
  requestId: string | null;
  /** What the provider reported about it, without the text or a URL. */
  metadata: Record<string, unknown>;
};

/** A provider of voices and speech. Every method throws a ProviderError if the provider fails. */
export interface TtsProvider {
  readonly name: TtsProviderName;
  /** Where it stores voices; `none` if it stores none. */
  readonly region: string;
  /** Whether it stores voices. Then a clone is a paid create, marked as sent beforehand. */
  readonly keepsVoices: boolean;
  /**
   * Runs the work of one clone in turn: memory holds few clips at once. With signed URLs nothing waits.
   * @throws {ApiError} reference_too_large if the reference cannot be sent
   */
  inTurn<Result>(reference: Reference, signal: AbortSignal, work: () => Promise<Result>): Promise<Result>;
  /** Prepares the reference. Only `cloneVoice` creates the voice. */
  prepareClone(request: CloneRequest): Promise<PreparedClone>;
  /** Speaks a text with a voice; null if the provider cannot. It may be repeated. */
  readonly synthesize: ((request: SynthesisRequest) => Promise<Speech>) | null;
  /** Finds the voice of a create whose outcome is unknown: the oldest one, or null. */
  findVoice(token: string, signal: AbortSignal): Promise<ProviderVoice | null>;
  /** Every voice of the account, oldest first. */
  listVoices(signal: AbortSignal): Promise<ListedVoice[]>;
  /** Deletes a voice; a missing one is no error. */
  deleteVoice(providerVoiceId: string, signal: AbortSignal): Promise<void>;
}
