import type { Bytes } from "../../bytes.ts";
import { isLoopbackHost } from "../../hosts.ts";
import { ProviderError, type ProviderErrorCategory } from "../provider_error.ts";

/** Five minutes of 24 kHz, 16-bit, mono speech: far more than 600 characters take. */
const LIMIT_BYTES = 16 * 1024 * 1024;

export type QwenResultOptions = {
  /** DashScope's origin. */
  baseUrl: string;
  fetch?: typeof fetch;
  timeout?: (ms: number) => AbortSignal;
  /** The timeout until the last byte, in milliseconds. */
  timeoutMs: number;
};

/**
 * Fetches the audio of a synthesis. Its URL is untrusted input, so only the provider's own hosts are allowed, without
 * the key and without redirects. Anyone with the URL can read the audio, so no error contains it.
 */
export function createQwenResult(options: QwenResultOptions) {
  const send = options.fetch ?? ((input, init) => fetch(input, init));
  const timeout = options.timeout ?? ((ms) => AbortSignal.timeout(ms));
  const onLoopback = isLoopbackHost(new URL(options.baseUrl).hostname);

  return {
    /**
     * The bytes at `url`, at most 16 MiB.
     * @param call.requestId the provider's id of the synthesis, for errors
     * @throws {ProviderError} `unreadable_answer` for a URL that is not allowed or a body that is too large,
     * `server_error` for any status but a 2xx, `no_answer` for a network failure or timeout
     */
    async fetchResult(
      url: string,
      call: { requestId: string | null; signal: AbortSignal },
    ): Promise<Bytes> {
      const providerRequestId = call.requestId ?? undefined;
      const address = permittedAddress(url, onLoopback);
      if (address === null) {
        throw new ProviderError("unreadable_answer", "the provider's result is not on its own hosts", {
          providerRequestId,
        });
      }
      let response: Response | undefined;
      try {
        const signal = AbortSignal.any([call.signal, timeout(options.timeoutMs)]);
        response = await send(address, {
          // Deno would reuse a kept-alive connection for a later POST, and repeat that when it breaks.
          headers: { Connection: "close" },
          redirect: "manual",
          signal,
        });
        return await readBody(response, providerRequestId);
      } catch (error) {
        // Not awaited: an abandoned body must not delay the error.
        response?.body?.cancel().catch(() => {});
        if (error instanceof ProviderError) throw error;
        // Without the error as cause: the runtime's messages quote the URL.
        const kind = error instanceof Error ? error.name : typeof error;
        throw new ProviderError("no_answer", `the provider's result could not be fetched: ${kind}`, {
          providerRequestId,
        });
      }
    },
  };
}

/**
 * The URL to fetch; null if it is not allowed. Results lie in Alibaba's object storage, `*.aliyuncs.com`
 * (docs/qwen-api.md), which also serves `http:` URLs over TLS.
 */
function permittedAddress(text: string, onLoopback: boolean): string | null {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) return null;
  if (onLoopback && isLoopbackHost(url.hostname)) return url.href;
  if (url.port || !/^([a-z0-9_-]+\.)*aliyuncs\.com$/.test(url.hostname)) return null;
  // Hosts of Alibaba's internal network.
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
