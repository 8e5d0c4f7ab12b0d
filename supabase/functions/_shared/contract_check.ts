// `POST /internal/check`, apart from contract.ts because no other route waits for it.
import { z } from "zod";

/** How the provider answered one look at its list: how many voices, or how it failed. */
const listLook = z.object({
  region: z.string(),
  voices: z.int().nullable(),
  failure: z.object({
    category: z.string(),
    status: z.int().nullable(),
    provider_code: z.string().nullable(),
  }).nullable(),
});

/** What `deployment_facts` tells of the database, of the schemas public and private and of the two buckets. */
export const databaseFacts = z.object({
  now: z.string(),
  /** The versions that the Supabase CLI recorded as applied; null where it keeps no record. */
  migrations: z.array(z.string()).nullable(),
  functions: z.array(z.object({
    schema: z.string(),
    name: z.string(),
    arguments: z.string(),
    /** Who may call it, of anon, authenticated and service_role. */
    callers: z.array(z.string()),
    security_definer: z.boolean(),
    settings: z.array(z.string()),
    body_md5: z.string(),
  })),
  /** With the rights of three roles: `select` on the table, or `select (name)` on a column of it alone. */
  tables: z.array(z.object({
    schema: z.string(),
    name: z.string(),
    row_level_security: z.boolean(),
    /** Types by name. */
    columns: z.record(z.string(), z.string()),
    anon: z.array(z.string()),
    authenticated: z.array(z.string()),
    service_role: z.array(z.string()),
  })),
  /** Where the provider answered a create with an id that does not carry the token; `unresolved` are the creates it leaves open. */
  ids_without_token: z.array(z.object({
    region: z.string(),
    provider_voice_id: z.string(),
    seen_at: z.string(),
    unresolved: z.int(),
  })),
  buckets: z.array(z.object({
    id: z.string(),
    public: z.boolean(),
    file_size_limit: z.int().nullable(),
    allowed_mime_types: z.array(z.string()).nullable(),
  })),
  policies: z.array(z.object({
    schema: z.string(),
    table: z.string(),
    name: z.string(),
    command: z.string(),
    restrictive: z.boolean(),
    roles: z.array(z.string()),
    /** Of the expressions as the catalog tells them; null where there is none. */
    using_md5: z.string().nullable(),
    check_md5: z.string().nullable(),
  })),
});

/** The answer to `POST /internal/check`: how the deployment is seen from inside. It holds no key. */
export const checkReport = z.object({
  configuration: z.object({
    mode: z.enum(["qwen", "modal"]),
    supabase_url: z.string(),
    public_url: z.string(),
    allowed_origins: z.array(z.string()),
    reference_audio_policy: z.string(),
    max_text_chars: z.int(),
    /** How often a user may, by what. */
    limits: z.record(z.string(), z.int()),
    /** Null in modal mode. */
    qwen: z.object({
      region: z.string(),
      base_url: z.string(),
      target_model: z.string(),
      delivery: z.enum(["signed_url", "data_url"]),
      signed_url_ttl_seconds: z.int(),
      timeout_ms: z.int(),
    }).nullable(),
  }),
  /** What the function runs on, as its `navigator.userAgent` has it; `Deno/2.1.4` for one. */
  runtime: z.string(),
  /** Every variable that the function knows, and whether it is set. */
  variables: z.array(z.object({ name: z.string(), set: z.boolean() })),
  /** Null in modal mode. `elsewhere` is the other region, which is asked when this one refuses the key. */
  provider: z.object({ here: listLook, elsewhere: listLook.nullable() }).nullable(),
  /** The function's clock before and after the database was asked. */
  clock: z.object({ asked_at: z.iso.datetime(), answered_at: z.iso.datetime() }),
  database: z.object({
    facts: databaseFacts.nullable(),
    /** Why there are none: the database has no such function, it could not be asked, or it refused. */
    failure: z.enum(["not_migrated", "unavailable", "refused"]).nullable(),
  }),
});

/** The 503 `config_invalid` of `POST /internal/check`: what is wrong with which variable, and never a value. */
export const configInvalidError = z.object({
  detail: z.string(),
  code: z.literal("config_invalid"),
  request_id: z.string(),
  problems: z.array(z.object({ variable: z.string(), problem: z.string() })),
});

export type CheckReport = z.output<typeof checkReport>;
export type DatabaseFacts = z.output<typeof databaseFacts>;
