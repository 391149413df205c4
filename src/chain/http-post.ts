import http from "node:http";

import { loadHttps } from "./lazy.js";

/** What a server answered. */
export interface HttpAnswer {
  readonly status: number;
  /** The `Retry-After` header, in seconds. */
  readonly retryAfter: string | null;
  readonly text: string;
}

/** The answer is larger than any honest one. */
export class AnswerTooLarge extends Error {}

/**
 * An answer larger than this is not read to its end: the largest honest batch here is some
 * contracts' code (24 KB each, EIP-170) and a page of logs.
 */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/**
 * Posts JSON and reads the whole answer. Node's own client: `fetch` and Hardhat's take 10 to 80 ms
 * longer to load, and the first look waits for it. Connections are kept for the next request.
 * @param timeoutMs for the whole exchange, in milliseconds.
 * @throws the connection's error, with its `code`; an error named TimeoutError; AnswerTooLarge.
 */
export async function postJson(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  timeoutMs: number,
): Promise<HttpAnswer> {
  const target = new URL(url);
  const { request } = target.protocol === "https:" ? await loadHttps() : http;
  return await new Promise((resolve, reject) => {
    const outgoing = request(
      target,
      {
        method: "POST",
        headers: {
          ...headers,
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
        },
        signal: AbortSignal.timeout(timeoutMs),
      },
      (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          chunks.push(chunk);
          if (bytes > MAX_ANSWER_BYTES) {
            outgoing.destroy(new AnswerTooLarge(`more than ${MAX_ANSWER_BYTES} bytes`));
          }
        });
        response.once("error", reject);
        response.once("end", () => {
          resolve({
            status: response.statusCode ?? 0,
            retryAfter: response.headers["retry-after"] ?? null,
            text: Buffer.concat(chunks).toString("utf8"),
          });
        });
      },
    );
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}
