import type { Bytes } from "../../supabase/functions/_shared/bytes.ts";
import { DashScopeError } from "./dashscope_errors.ts";
import { isLoopbackHost } from "../../supabase/functions/_shared/hosts.ts";

const maximumBytes = 10_000_000;
const dataUrlTypes = ["audio/wav", "audio/mpeg", "audio/mp4"];

type Reference = { bytes: Bytes; delivery: "signed_url" | "data_url" };

/**
 * Reads `audio.data` as DashScope does: decodes a data URL (the three documented types, under 10,000,000 characters)
 * or fetches an http(s) URL (at most 10,000,000 bytes). Only loopback hosts are ever contacted; every other host is
 * answered `InvalidURL.ConnectionRefused`, and redirects are not followed. Throws DashScopeError.
 */
export function readReference(data: string, options: { timeoutMs: number }): Promise<Reference> {
  return /^data:/i.test(data) ? decodeDataUrl(data) : download(data, options.timeoutMs);
}

async function decodeDataUrl(data: string): Promise<Reference> {
  if (data.length >= maximumBytes) throw new DashScopeError("BadRequest.TooLarge");
  const match = /^data:([^;,]+);base64,([A-Za-z0-9+/]+={0,2})$/i.exec(data);
  const [, type = "", encoded = ""] = match ?? [];
  if (!dataUrlTypes.includes(type.toLowerCase()) || encoded.length % 4 !== 0) {
    throw new DashScopeError("InvalidParameter", {
      message: "audio.data is not a data URL of a supported type.",
    });
  }
  const response = await fetch(`data:;base64,${encoded}`);
  return { bytes: await response.bytes(), delivery: "data_url" };
}

async function download(address: string, timeoutMs: number): Promise<Reference> {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !["http:", "https:"].includes(url.protocol)) throw new DashScopeError("InvalidURL");
  if (!isLoopbackHost(url.hostname)) throw new DashScopeError("InvalidURL.ConnectionRefused");

  const signal = AbortSignal.timeout(timeoutMs);
  let response: Response | undefined;
  try {
    response = await fetch(url, { redirect: "manual", signal });
    if (response.status !== 200) throw new DashScopeError("BadRequest.InputDownloadFailed");
    return { bytes: await readAtMost(response, maximumBytes), delivery: "signed_url" };
  } catch (error) {
    await response?.body?.cancel().catch(() => {});
    if (error instanceof DashScopeError) throw error;
    if (signal.aborted) throw new DashScopeError("InvalidURL.Timeout");
    throw new DashScopeError(response ? "BadRequest.InputDownloadFailed" : "InvalidURL.ConnectionRefused");
  }
}

async function readAtMost(response: Response, limit: number): Promise<Bytes> {
  const chunks: Bytes[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > limit) throw new DashScopeError("BadRequest.InputDownloadFailed");
    chunks.push(chunk);
  }
  return await new Blob(chunks).bytes();
}
