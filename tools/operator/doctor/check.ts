/** What one look at a deployment came to. */
export type Check = {
  /** What was looked at, in a few words. */
  name: string;
  status: "ok" | "warning" | "failed";
  /** A sentence for a person; holds no key, token or signed URL. */
  detail: string;
  /** What to do; null when it is ok. */
  fix: string | null;
};

/** All is as it should be. */
export const ok = (name: string, detail: string): Check => ({ name, status: "ok", detail, fix: null });

/** It works, and somebody should look at it. */
export const warning = (name: string, detail: string, fix: string): Check => ({
  name,
  status: "warning",
  detail,
  fix,
});

/** Users meet it, or will. */
export const failed = (name: string, detail: string, fix: string): Check => ({
  name,
  status: "failed",
  detail,
  fix,
});
