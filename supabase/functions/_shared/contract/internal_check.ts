import { z } from "zod";
import { PROJECT } from "./examples.ts";
import type { AnswerOf, Contract } from "./route_contract.ts";

const namedSchema = () => ({
  schema: z.string().describe("Its schema."),
  name: z.string().describe("Its name."),
});

/** The result of the SQL function `deployment_facts`. */
export const databaseFacts = () =>
  z.object({
    now: z.string().describe("The database's clock."),
    migrations: z.array(z.string()).nullable()
      .describe("The versions recorded as applied; `null` if no record is kept."),
    functions: z.array(z.object({
      ...namedSchema(),
      arguments: z.string().describe("The types of its arguments."),
      callers: z.array(z.string())
        .describe("Who may call it, out of `anon`, `authenticated` and `service_role`."),
      security_definer: z.boolean().describe("Whether it runs with its owner's rights."),
      settings: z.array(z.string()).describe("The settings it runs with."),
      body_md5: z.string().describe("Shows whether its body is that of the migrations."),
    })).describe("Every function."),
    tables: z.array(z.object({
      ...namedSchema(),
      row_level_security: z.boolean().describe("Whether row level security is on."),
      columns: z.record(z.string(), z.string()).describe("The types of its columns, by name."),
      anon: z.array(z.string())
        .describe("The rights of `anon`: `select` on the table, or `select (name)` on one column."),
      authenticated: z.array(z.string()).describe("The rights of signed-in users, written the same way."),
      service_role: z.array(z.string()).describe("The rights of the function, written the same way."),
    })).describe("Every table."),
    ids_without_token: z.array(z.object({
      region: z.string().describe("The region."),
      provider_voice_id: z.string().describe("The first such id."),
      seen_at: z.string().describe("When it was seen."),
      unresolved: z.int().describe("The number of creates that it leaves open."),
    })).describe("Regions where the provider returned a voice id that does not carry the token."),
    buckets: z.array(z.object({
      id: z.string().describe("Its name."),
      public: z.boolean().describe("Whether anyone may read it."),
      file_size_limit: z.int().nullable().describe("The limit in bytes; `null` if there is none."),
      allowed_mime_types: z.array(z.string()).nullable().describe("The types it takes; `null` for any."),
    })).describe("The buckets of clips and audio."),
    policies: z.array(z.object({
      schema: z.string().describe("The schema of its table."),
      table: z.string().describe("Its table."),
      name: z.string().describe("Its name."),
      command: z.string().describe("The command it applies to."),
      restrictive: z.boolean().describe("Whether it is restrictive."),
      roles: z.array(z.string()).describe("The roles it applies to."),
      using_md5: z.string().nullable()
        .describe("Shows whether its USING is that of the migrations; `null` if it has none."),
      check_md5: z.string().nullable().describe("Shows the same of its WITH CHECK; `null` if it has none."),
    })).describe("Every policy."),
  });

const providerLook = () =>
  z.object({
    region: z.string().describe("The region that was asked."),
    voices: z.int().nullable().describe("The number of voices it lists; `null` if it failed."),
    failure: z.object({
      category: z.string().describe("The kind of failure."),
      status: z.int().nullable().describe("The HTTP status; `null` without an answer."),
      provider_code: z.string().nullable().describe("The provider's own code; `null` without one."),
    }).nullable().describe("How it failed; `null` if it did not."),
  });

/** The 503 `config_invalid` for the holder of the secret key. */
export const configInvalidError = () =>
  z.object({
    detail: z.string(),
    code: z.literal("config_invalid"),
    request_id: z.string(),
    problems: z.array(z.object({
      variable: z.string().describe("Its name."),
      problem: z.string().describe("What is wrong with it."),
    })).describe(
      "What is wrong with which variable, never its value. Only for the holder of the secret key.",
    ),
  });

export const internalCheck = {
  method: "POST",
  path: "/internal/check",
  operationId: "check",
  tag: "Internal",
  access: "operator",
  summary: "Check the deployment",
  description:
    "Asks the provider and the database, and changes nothing. Answers 200 even if they fail: failures are part of the " +
    "report. The report contains no keys. The body is ignored.",
  answer: {
    description: "Configuration, provider, clock and database.",
    name: "CheckReport",
    schema: () =>
      z.object({
        configuration: z.object({
          mode: z.enum(["qwen", "modal"]).describe("`TTS_PROVIDER_MODE`."),
          supabase_url: z.string().describe("`SUPABASE_URL`."),
          public_url: z.string().describe("`PUBLIC_SUPABASE_URL`."),
          allowed_origins: z.array(z.string()).describe("`CORS_ALLOWED_ORIGINS`."),
          reference_audio_policy: z.string().describe("`REFERENCE_AUDIO_POLICY`."),
          max_text_chars: z.int().describe("`QWEN_MAX_TEXT_CHARS`."),
          limits: z.record(z.string(), z.int()).describe("The limits per user, by name."),
          qwen: z.object({
            region: z.string().describe("`DASHSCOPE_REGION`."),
            base_url: z.string().describe("`DASHSCOPE_BASE_URL`."),
            target_model: z.string().describe("`QWEN_VC_TARGET_MODEL`."),
            delivery: z.enum(["signed_url", "data_url"]).describe("How clips are sent to the provider."),
            signed_url_ttl_seconds: z.int().describe("`QWEN_SIGNED_URL_TTL_SECONDS`."),
            timeout_ms: z.int().describe("`QWEN_TIMEOUT_MS`."),
          }).nullable().describe("`null` in modal mode."),
        }).describe("The configuration in effect, without keys."),
        runtime: z.string().describe("The user agent of the runtime, such as `Deno/2.1.4`."),
        variables: z.array(z.object({
          name: z.string().describe("Its name."),
          set: z.boolean().describe("Whether it is set."),
        })).describe("Every environment variable that the function reads, never its value."),
        provider: z.object({
          here: providerLook().describe("The configured region."),
          elsewhere: providerLook().nullable()
            .describe("The other region, asked when this one refuses the key; otherwise `null`."),
        }).nullable().describe("`null` in modal mode."),
        clock: z.object({
          asked_at: z.iso.datetime().describe("Before."),
          answered_at: z.iso.datetime().describe("After."),
        }).describe("The function's clock before and after the database was asked."),
        database: z.object({
          facts: databaseFacts().nullable()
            .describe("The schemas `public` and `private` and the two buckets; `null` if not known."),
          failure: z.enum(["not_migrated", "unavailable", "refused"]).nullable().describe(
            "Why there are no facts: the SQL function is missing, or the database is unavailable or refused; otherwise " +
              "`null`.",
          ),
        }).describe("The state of the database."),
      }),
    example: {
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
    },
  },
  errors: ["payload_too_large"],
  errorFields: {
    config_invalid: {
      name: "ConfigProblems",
      schema: () => configInvalidError().pick({ problems: true }).partial(),
    },
  },
} satisfies Contract;

export type CheckReport = AnswerOf<typeof internalCheck>;
export type DatabaseFacts = z.output<ReturnType<typeof databaseFacts>>;
