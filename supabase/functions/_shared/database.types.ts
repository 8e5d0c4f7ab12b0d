export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

export type Database = {
  "public": {
    Tables: {
      "generations": {
        Row: {
          "audio_duration_seconds": number | null;
          "audio_object_key": string | null;
          "audio_size_bytes": number | null;
          "completed_at": string | null;
          "created_at": string;
          "id": string;
          "language": string;
          "provider_metadata": NonNullable<Json>;
          "provider_request_id": string | null;
          "provider_target_model": string;
          "text": string;
          "tts_provider": string;
          "user_id": string;
          "voice_id": string;
        };
        ComputedFields: never;
        Insert: {
          "audio_duration_seconds"?: number | null;
          "audio_object_key"?: string | null;
          "audio_size_bytes"?: number | null;
          "completed_at"?: string | null;
          "created_at"?: string;
          "id": string;
          "language": string;
          "provider_metadata"?: NonNullable<Json>;
          "provider_request_id"?: string | null;
          "provider_target_model": string;
          "text": string;
          "tts_provider": string;
          "user_id": string;
          "voice_id": string;
        };
        Update: {
          "audio_duration_seconds"?: number | null;
          "audio_object_key"?: string | null;
          "audio_size_bytes"?: number | null;
          "completed_at"?: string | null;
          "created_at"?: string;
          "id"?: string;
          "language"?: string;
          "provider_metadata"?: NonNullable<Json>;
          "provider_request_id"?: string | null;
          "provider_target_model"?: string;
          "text"?: string;
          "tts_provider"?: string;
          "user_id"?: string;
          "voice_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "generations_voice_id_fkey";
            columns: ["voice_id"];
            isOneToOne: false;
            referencedRelation: "voices";
            referencedColumns: ["id"];
          },
        ];
      };
      "tasks": {
        Row: {
          "attempts": number;
          "completed_at": string | null;
          "created_at": string;
          "error": string | null;
          "generation_id": string;
          "id": string;
          "lease_expires_at": string | null;
          "lease_id": string | null;
          "provider": string;
          "provider_poll_count": number;
          "provider_status": string | null;
          "run_after": string;
          "status": string;
          "type": string;
          "updated_at": string;
          "user_id": string;
          "voice_id": string;
        };
        ComputedFields: never;
        Insert: {
          "attempts"?: number;
          "completed_at"?: string | null;
          "created_at"?: string;
          "error"?: string | null;
          "generation_id": string;
          "id": string;
          "lease_expires_at"?: string | null;
          "lease_id"?: string | null;
          "provider": string;
          "provider_poll_count"?: number;
          "provider_status"?: string | null;
          "run_after"?: string;
          "status": string;
          "type": string;
          "updated_at"?: string;
          "user_id": string;
          "voice_id": string;
        };
        Update: {
          "attempts"?: number;
          "completed_at"?: string | null;
          "created_at"?: string;
          "error"?: string | null;
          "generation_id"?: string;
          "id"?: string;
          "lease_expires_at"?: string | null;
          "lease_id"?: string | null;
          "provider"?: string;
          "provider_poll_count"?: number;
          "provider_status"?: string | null;
          "run_after"?: string;
          "status"?: string;
          "type"?: string;
          "updated_at"?: string;
          "user_id"?: string;
          "voice_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "tasks_generation_id_fkey";
            columns: ["generation_id"];
            isOneToOne: true;
            referencedRelation: "generations";
            referencedColumns: ["id"];
          },
        ];
      };
      "voices": {
        Row: {
          "created_at": string;
          "deleted_at": string | null;
          "description": string | null;
          "id": string;
          "language": string;
          "name": string;
          "provider_metadata": NonNullable<Json>;
          "provider_region": string | null;
          "provider_request_id": string | null;
          "provider_target_model": string | null;
          "provider_voice_id": string | null;
          "provider_voice_kind": string | null;
          "reference_object_key": string | null;
          "reference_transcript": string | null;
          "source": string;
          "tts_provider": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "deleted_at"?: string | null;
          "description"?: string | null;
          "id"?: string;
          "language"?: string;
          "name": string;
          "provider_metadata"?: NonNullable<Json>;
          "provider_region"?: string | null;
          "provider_request_id"?: string | null;
          "provider_target_model"?: string | null;
          "provider_voice_id"?: string | null;
          "provider_voice_kind"?: string | null;
          "reference_object_key"?: string | null;
          "reference_transcript"?: string | null;
          "source"?: string;
          "tts_provider"?: string;
          "user_id": string;
        };
        Update: {
          "created_at"?: string;
          "deleted_at"?: string | null;
          "description"?: string | null;
          "id"?: string;
          "language"?: string;
          "name"?: string;
          "provider_metadata"?: NonNullable<Json>;
          "provider_region"?: string | null;
          "provider_request_id"?: string | null;
          "provider_target_model"?: string | null;
          "provider_voice_id"?: string | null;
          "provider_voice_kind"?: string | null;
          "reference_object_key"?: string | null;
          "reference_transcript"?: string | null;
          "source"?: string;
          "tts_provider"?: string;
          "user_id"?: string;
        };
        Relationships: [];
      };
    };
    Views: {
      [_ in never]: never;
    };
    Functions: {
      "account_stands": { Args: { "p_user_id": string }; Returns: boolean };
      "clone_claim": {
        Args: {
          "p_attempt_id": string;
          "p_attempts_per_hour"?: number;
          "p_details": Json;
          "p_limit_per_day": number;
          "p_limit_per_hour": number;
          "p_region": string;
          "p_token": string;
          "p_tts_provider": string;
          "p_user_id": string;
          "p_voice_id": string;
        };
        Returns: Json;
      };
      "clone_complete": {
        Args: {
          "p_attempt_id": string;
          "p_details": Json;
          "p_reference_object_key": string;
          "p_token": string;
          "p_user_id": string;
          "p_voice": Json;
          "p_voice_id": string;
        };
        Returns: Json;
      };
      "clone_release": {
        Args: {
          "p_attempt_id": string;
          "p_creates"?: number;
          "p_possible"?: number;
          "p_rejection": Json;
          "p_user_id": string;
          "p_voice_id": string;
        };
        Returns: Json;
      };
      "clone_sending": {
        Args: {
          "p_attempt_id": string;
          "p_attempts_per_hour"?: number;
          "p_creates"?: number;
          "p_details": Json;
          "p_lease_seconds": number;
          "p_limit_per_day"?: number;
          "p_limit_per_hour"?: number;
          "p_possible"?: number;
          "p_region": string;
          "p_user_id": string;
          "p_voice_id": string;
        };
        Returns: Json;
      };
      "clone_unresolved": {
        Args: {
          "p_attempt_id": string;
          "p_ends_lease": boolean;
          "p_error": Json;
          "p_user_id": string;
          "p_voice_id": string;
        };
        Returns: Json;
      };
      "deployment_facts": { Args: Record<PropertyKey, never>; Returns: Json };
      "erase_details": { Args: { "p_repair": boolean }; Returns: number };
      "forgotten_objects": {
        Args: { "p_limit": number; "p_older_than_seconds": number };
        Returns: {
          "bucket_id": string;
          "name": string;
        }[];
      };
      "generation_create": {
        Args: {
          "p_generation_id": string;
          "p_language"?: string;
          "p_max_unfinished": number;
          "p_provider": string;
          "p_region": string;
          "p_task_id": string;
          "p_text": string;
          "p_user_id": string;
          "p_voice_id": string;
        };
        Returns: Json;
      };
      "purge_done": { Args: { "p_provider_voice_id": string; "p_region": string }; Returns: undefined };
      "purge_next": {
        Args: { "p_older_than_seconds": number; "p_region": string; "p_skip": (string)[] };
        Returns: string;
      };
      "reconcile_absent": { Args: { "p_voice_id": string }; Returns: boolean };
      "reconcile_compare": {
        Args: {
          "p_listed_from": string;
          "p_provider_voice_ids": (string)[];
          "p_region": string;
          "p_repair": boolean;
        };
        Returns: Json;
      };
      "reconcile_expired": {
        Args: { "p_after_user_id": string; "p_after_voice_id": string; "p_limit": number };
        Returns: Json;
      };
      "reconcile_gone": {
        Args: {
          "p_before": string;
          "p_limit": number;
          "p_provider_voice_ids": (string)[];
          "p_region": string;
        };
        Returns: Json;
      };
      "reconcile_record_orphan": {
        Args: {
          "p_created_at": string;
          "p_provider_voice_id": string;
          "p_region": string;
          "p_user_id": string;
          "p_voice_id": string;
        };
        Returns: boolean;
      };
      "reconcile_release": { Args: { "p_repair": boolean }; Returns: number };
      "reconcile_sort": { Args: { "p_region": string; "p_voices": Json }; Returns: Json };
      "task_cancel": { Args: { "p_task_id": string; "p_user_id": string }; Returns: Json };
      "task_claim": {
        Args: {
          "p_lease_id": string;
          "p_lease_seconds": number;
          "p_max_attempts": number;
          "p_provider": string;
          "p_region": string;
          "p_task_id"?: string;
        };
        Returns: Json;
      };
      "task_complete": {
        Args: {
          "p_duration_seconds": number;
          "p_metadata": Json;
          "p_object_key": string;
          "p_provider_request_id"?: string;
          "p_size_bytes": number;
          "p_task_id": string;
        };
        Returns: Json;
      };
      "task_fail": {
        Args: { "p_error": string; "p_lease_id": string; "p_provider_status"?: string; "p_task_id": string };
        Returns: Json;
      };
      "task_put_back": {
        Args: {
          "p_counts": boolean;
          "p_delay_seconds": number;
          "p_lease_id": string;
          "p_provider_status"?: string;
          "p_task_id": string;
        };
        Returns: Json;
      };
      "unclaimed_uploads": {
        Args: { "p_limit": number; "p_older_than_seconds": number; "p_repair": boolean };
        Returns: string[];
      };
      "upload_url_take": { Args: { "p_per_hour": number; "p_user_id": string }; Returns: Json };
    };
    Enums: {
      [_ in never]: never;
    };
    CompositeTypes: {
      [_ in never]: never;
    };
  };
};

type DatabaseWithoutInternals = Omit<Database, "__InternalSupabase">;

type DefaultSchema = DatabaseWithoutInternals[Extract<keyof Database, "public">];

export type Tables<
  DefaultSchemaTableNameOrOptions extends
    | keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof (
      & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
      & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"]
    )
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals } ? (
    & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"]
  )[TableName] extends {
    Row: infer R;
  } ? R
  : never
  : DefaultSchemaTableNameOrOptions extends keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    ? (DefaultSchema["Tables"] & DefaultSchema["Views"])[DefaultSchemaTableNameOrOptions] extends {
      Row: infer R;
    } ? R
    : never
  : never;

export type TablesInsert<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
    Insert: infer I;
  } ? I
  : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Insert: infer I;
    } ? I
    : never
  : never;

export type TablesUpdate<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
    Update: infer U;
  } ? U
  : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Update: infer U;
    } ? U
    : never
  : never;

export type Enums<
  DefaultSchemaEnumNameOrOptions extends
    | keyof DefaultSchema["Enums"]
    | { schema: keyof DatabaseWithoutInternals },
  EnumName extends DefaultSchemaEnumNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"]
    : never = never,
> = DefaultSchemaEnumNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"][EnumName]
  : DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema["Enums"]
    ? DefaultSchema["Enums"][DefaultSchemaEnumNameOrOptions]
  : never;

export type CompositeTypes<
  PublicCompositeTypeNameOrOptions extends
    | keyof DefaultSchema["CompositeTypes"]
    | { schema: keyof DatabaseWithoutInternals },
  CompositeTypeName extends PublicCompositeTypeNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"]
    : never = never,
> = PublicCompositeTypeNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"][CompositeTypeName]
  : PublicCompositeTypeNameOrOptions extends keyof DefaultSchema["CompositeTypes"]
    ? DefaultSchema["CompositeTypes"][PublicCompositeTypeNameOrOptions]
  : never;

export const Constants = {
  "public": {
    Enums: {},
  },
} as const;
