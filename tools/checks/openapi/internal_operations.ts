import { CHECK_REPORT } from "./check_example.ts";
import { VOICE_ID } from "./examples.ts";
import type { Operation } from "./operation.ts";

/** The operator's routes. */
export const INTERNAL_OPERATIONS: readonly Operation[] = [
  {
    method: "post",
    path: "/internal/work",
    operationId: "work",
    tag: "Internal",
    summary: "Works through the tasks that nobody is working on",
    description:
      "Those of killed processes and those that wait for their next try. It takes up new tasks for " +
      "10 s and answers within 145 s: give the request 150 s. A body is not read.",
    access: "operator",
    answer: {
      status: 200,
      description: "The report of a run.",
      schema: "WorkReport",
      example: { completed: 2, failed: 0, put_back: 1, over: 0, more: false },
    },
    errors: ["payload_too_large", "database_unavailable"],
  },
  {
    method: "post",
    path: "/internal/reconcile",
    operationId: "reconcile",
    tag: "Internal",
    summary: "Compares the provider's voices with rows and ledger",
    description: "One batch ends within 135 s: give the request 150 s. The body may be absent.",
    access: "operator",
    request: {
      schema: "ReconcileRequest",
      required: false,
      examples: {
        repair: { repair: true },
        purge: { purge_older_than_days: 30 },
        resolve: { resolve: [{ voice_id: VOICE_ID, provider_voice_id: null }] },
      },
    },
    answer: {
      status: 200,
      description: "The report of a batch.",
      schema: "ReconcileReport",
      example: {
        region: "intl",
        provider_voices: 3,
        ours: 1,
        orphans: [{
          provider_voice_id: "qwen-tts-vc-grace_0a1b2c3d4e-voice-20261122101500123-1a2b",
          voice_id: VOICE_ID,
        }],
        foreign: ["qwen-tts-vc-else_abcdefghij-voice-20260101000000000-1a2b"],
        gone: [],
        unresolved: [],
        completed: 0,
        released: 0,
        purged: [],
        purge_failed: [],
        resolve_failed: [],
        uploads_swept: 0,
        details_erased: 0,
        objects_erased: 0,
        more: false,
      },
    },
    errors: [
      "invalid_json",
      "invalid_request",
      "payload_too_large",
      "provider_unavailable",
      "provider_misconfigured",
      "provider_throttled",
      "storage_unavailable",
      "database_unavailable",
      "provider_timeout",
    ],
  },
  {
    method: "post",
    path: "/internal/check",
    operationId: "check",
    tag: "Internal",
    summary: "How the deployment is seen from inside",
    description:
      "Changes nothing, and what fails is part of the report. It holds no key. A body is not read.",
    access: "operator",
    answer: {
      status: 200,
      description: "Configuration, provider, clock and database.",
      schema: "CheckReport",
      example: CHECK_REPORT,
    },
    errors: ["payload_too_large"],
    errorFields: { config_invalid: "ConfigProblems" },
  },
];
