import { PROJECT } from "./examples.ts";

/** How a deployment is seen from inside; of lists, the first entry. */
export const CHECK_REPORT = {
  configuration: {
    mode: "qwen",
    supabase_url: PROJECT,
    public_url: PROJECT,
    allowed_origins: ["https://app.example.com"],
    reference_audio_policy: "enforce",
    max_text_chars: 600,
    limits: {
      clone_attempts_per_hour: 20,
      clones_per_hour: 10,
      clones_per_day: 50,
      upload_urls_per_hour: 60,
    },
    qwen: {
      region: "intl",
      base_url: "https://dashscope-intl.aliyuncs.com",
      target_model: "qwen3-tts-vc-2026-01-22",
      delivery: "signed_url",
      signed_url_ttl_seconds: 300,
      timeout_ms: 60_000,
    },
  },
  runtime: "Deno/2.1.4",
  variables: [{ name: "DASHSCOPE_API_KEY", set: true }],
  provider: { here: { region: "intl", voices: 12, failure: null }, elsewhere: null },
  clock: { asked_at: "2026-11-22T10:15:00.120Z", answered_at: "2026-11-22T10:15:00.160Z" },
  database: {
    facts: {
      now: "2026-11-22T10:15:00.140123+00:00",
      migrations: ["20261122100000"],
      functions: [{
        schema: "public",
        name: "clone_claim",
        arguments: "uuid, uuid",
        callers: ["service_role"],
        security_definer: true,
        settings: ['search_path=""'],
        body_md5: "9e107d9d372bb6826bd81d3542a419d6",
      }],
      tables: [{
        schema: "public",
        name: "voices",
        row_level_security: true,
        columns: { id: "uuid", name: "text" },
        anon: [],
        authenticated: ["select"],
        service_role: ["delete", "insert", "select", "update"],
      }],
      ids_without_token: [],
      buckets: [{
        id: "references",
        public: false,
        file_size_limit: 10_485_760,
        allowed_mime_types: ["audio/wav"],
      }],
      policies: [{
        schema: "public",
        table: "voices",
        name: "own voices",
        command: "select",
        restrictive: false,
        roles: ["authenticated"],
        using_md5: "5eb63bbbe01eeed093cb22bb8f5acdc3",
        check_md5: null,
      }],
    },
    failure: null,
  },
};
