import type { FieldNotes } from "./annotate.ts";

const MORE = "There is more to do: ask again.";

/** What the document says of what the operator asks and is told. */
export const REPORT_NOTES: Readonly<Record<string, FieldNotes>> = {
  ReconcileRequest: {
    repair: "Without it, only a report.",
    purge_older_than_days:
      "Fractions are allowed; deletes orphans of that age at the provider, and repairs as well.",
    resolve:
      "What the operator found out about creates that no look-up can settle, for voice ids do not carry the token; at most " +
      "100, and repairs as well.",
    "resolve.voice_id": "The unresolved enrollment.",
    "resolve.provider_voice_id":
      "The voice that its create made: one that is listed and unknown here; null when it made none.",
  },
  WorkReport: {
    completed: "Tasks whose audio is there now.",
    failed: "Tasks that will not be tried again.",
    put_back: "To be tried again, a while later.",
    over: "Cancelled, or over otherwise, before their audio was there.",
    more: MORE,
  },
  ReconcileReport: {
    region: "Of this configuration.",
    provider_voices: "How many voices the provider lists.",
    ours: "How many of those belong to rows.",
    orphans: "Their token is in this ledger, and no row has them.",
    "orphans.provider_voice_id": "The provider's name of it.",
    "orphans.voice_id": "The voice it was made for; null when that is not known any more.",
    foreign: "Provider voices unknown here: another environment's, or from before a restore. Never touched.",
    gone: "Rows whose provider voice is not listed; the oldest 100.",
    "gone.voice_id": "The row.",
    "gone.provider_voice_id": "What is not listed.",
    unresolved: "Enrollments that are over and not settled.",
    "unresolved.voice_id": "The voice to be.",
    "unresolved.found": "Whether repairing would complete it.",
    "unresolved.candidates":
      "Only where voice ids do not carry the token: the provider voices that may be its, for they are new since its create " +
      "was sent; null while no list of before that is known.",
    resolve_failed:
      "Enrollments whose decision could not be carried out: nothing was open, or the provider voice is not listed, or known " +
      "here.",
    completed: "Enrollments that this batch completed.",
    released: "Enrollments that it released; without `repair`, that it would.",
    purged: "Orphans that were deleted.",
    purge_failed: "Orphans that could not be deleted: the next purge begins with them.",
    uploads_swept: "Uploads that no finalize claimed and that it removed; without `repair`, would.",
    details_erased:
      "Enrollments of users who are gone, of what they had asked for; without `repair`, would be.",
    objects_erased:
      "Clips and audio in the folders of users who are gone, and audio that no generation has; without `repair`, " +
      "would be.",
    more: MORE,
  },
};
