import type { Bytes } from "../../supabase/functions/_shared/bytes.ts";
import { DashScopeError, invalid } from "./dashscope_errors.ts";
import { isLoopbackHost } from "../../supabase/functions/_shared/hosts.ts";

const maximumBytes = 10_000_000;
const dataUrlTypes = ["audio/wav", "audio/mpeg", "audio/mp4"];

/**
 * Reads `audio.data` as DashScope does, or throws its error: a data URL of a documented type, or an http(s) URL. It
 * contacts loopback only, answers `InvalidURL.ConnectionRefused` for other hosts, and follows no redirect.
 */
export async function readReference(data: string, timeoutMs: number) {
  return /^data:/i.test(data)
    ? { bytes: await decodeDataUrl(data), delivery: "data_url" as const }
    : { bytes: await download(data, timeoutMs), delivery: "signed_url" as const };
}

async function decodeDataUrl(data: string): Promise<Bytes> {
  if (data.length >= maximumBytes) throw new DashScopeError("BadRequest.TooLarge");
  const match = /^data:([^;,]+);base64,([A-Za-z0-9+/]+={0,2})$/i.exec(data);
  const [, type = "", encoded = ""] = match ?? [];
  if (!dataUrlTypes.includes(type.toLowerCase()) || encoded.length % 4 !== 0) {
    throw invalid("audio.data is not a data URL of a supported type.");
  }
  return await (await fetch(`data:;base64,${encoded}`)).bytes();
}

async function download(address: string, timeoutMs: number): Promise<Bytes> {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !["http:", "https:"].includes(url.protocol)) throw new DashScopeError("InvalidURL");
  if (!isLoopbackHost(url.hostname)) throw new DashScopeError("InvalidURL.ConnectionRefused");

  const signal = AbortSignal.timeout(timeoutMs);
  let response: Response | undefined;
  try {
    response = await fetch(url, { redirect: "manual", signal });
    if (response.status !== 200) throw new DashScopeError("BadRequest.InputDownloadFailed");
    return await readAtMost(response, maximumBytes);
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
