import type { Bytes } from "../../bytes.ts";
import { isLoopbackHost } from "../../hosts.ts";
import { ProviderError, type ProviderErrorCategory } from "../provider_error.ts";

/** Five minutes of 24 kHz, 16-bit, mono speech: far more than 600 characters take, and little enough to be held in memory. */
const LIMIT_BYTES = 16 * 1024 * 1024;

export type QwenResultOptions = {
  /** DashScope's origin. */
  baseUrl: string;
  fetch?: typeof fetch;
  timeout?: (ms: number) => AbortSignal;
  /** Milliseconds until the last byte must be there. */
  timeoutMs: number;
};

/**
 * Fetches what a synthesis made. Its URL is an outsider's word, so it is fetched from the provider's own hosts alone,
 * without the key, and no redirect leads elsewhere. The URL opens the audio to anyone, so no error shows it.
 */
export function createQwenResult(options: QwenResultOptions) {
  const send = options.fetch ?? ((input, init) => fetch(input, init));
  const timeout = options.timeout ?? ((ms) => AbortSignal.timeout(ms));
  const onLoopback = isLoopbackHost(new URL(options.baseUrl).hostname);

  return {
    /**
     * The bytes behind `url`, at most 16 MiB.
     * @param call.requestId the provider's id of the synthesis, which a failure carries
     * @throws {ProviderError} `unreadable_answer` for a URL that may not be fetched and for a body too large,
     * `server_error` for any status but a 2xx, `no_answer` when the network failed or time ran out
     */
    async fetchResult(
      url: string,
      call: { requestId: string | null; signal: AbortSignal },
    ): Promise<Bytes> {
      const providerRequestId = call.requestId ?? undefined;
      const address = permittedAddress(url, onLoopback);
      if (address === null) {
        throw new ProviderError("unreadable_answer", "the provider's result lies at no host of theirs", {
          providerRequestId,
        });
      }
      let response: Response | undefined;
      try {
        const signal = AbortSignal.any([call.signal, timeout(options.timeoutMs)]);
        response = await send(address, {
          // A connection that is kept would serve a later POST to this host, which Deno sends again when it breaks.
          headers: { Connection: "close" },
          redirect: "manual",
          signal,
        });
        return await readBody(response, providerRequestId);
      } catch (error) {
        // Not waited for: what is given up must not hold up the answer.
        response?.body?.cancel().catch(() => {});
        if (error instanceof ProviderError) throw error;
        // Not as the cause: the runtime's messages quote the URL.
        const kind = error instanceof Error ? error.name : typeof error;
        throw new ProviderError("no_answer", `the provider's result could not be fetched: ${kind}`, {
          providerRequestId,
        });
      }
    },
  };
}

/**
 * The address to fetch in the place of `text`; null when nothing may be fetched. Results lie in Alibaba's object
 * storage, `*.aliyuncs.com` (docs/qwen-api.md), which serves over TLS as well what is given as `http:`.
 */
function permittedAddress(text: string, onLoopback: boolean): string | null {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) return null;
  if (onLoopback && isLoopbackHost(url.hostname)) return url.href;
  if (url.port || !/^([a-z0-9_-]+\.)*aliyuncs\.com$/.test(url.hostname)) return null;
  // What is named so lies in a network of their own.
  if (/-internal\./.test(url.hostname)) return null;
  url.protocol = "https:";
  return url.href;
}

async function readBody(
  response: Response,
  providerRequestId: string | undefined,
): Promise<Bytes> {
  const { status, headers, body } = response;
  const failed = (category: ProviderErrorCategory, what: string) =>
    new ProviderError(category, `the provider's result ${what}`, { status, providerRequestId });
  const tooLarge = () => failed("unreadable_answer", "is too large");

  const declaredBytes = Number(headers.get("content-length"));
  if (!response.ok || declaredBytes > LIMIT_BYTES) {
    throw response.ok ? tooLarge() : failed("server_error", `answered ${status}`);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body?.values({ preventCancel: true }) ?? []) {
    size += chunk.byteLength;
    if (size > LIMIT_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
