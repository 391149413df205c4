import { EmergencyError, asError, messageOf } from "../errors.js";

/** A server of an indexer, by HTTP. */
export interface HttpServer {
  /** For people: "graph-node's status API". */
  readonly name: string;
  /** Without credentials and without a "/" at its end. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What to do when the server does not take the credentials. */
  readonly whenDenied: string;
}

/** One request. */
export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT";
  /** Behind the server's URL; "" or beginning with "/". */
  readonly path: string;
  readonly body?: string;
  /** Whether it may be sent again: a question may, an order may not. */
  readonly asks: boolean;
  /** For the whole exchange, in milliseconds. */
  readonly timeoutMs: number;
}

/** How requests go out. */
export interface Http {
  /**
   * The answer's status and text. Statuses that the caller must judge are returned: 2xx, 400, 404, 409, 422.
   * @throws EmergencyError INDEXER_UNREACHABLE, INDEXER_DENIED, INDEXER_REFUSED
   */
  send(server: HttpServer, request: HttpRequest): Promise<HttpAnswer>;
}

/** What a server answered. */
export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** A question is asked so often, all in all. */
const ATTEMPTS = 4;

/** Before the first repetition; twice as long before each further one. */
const BASE_DELAY_MS = 250;

/** A server that wants to be left alone for longer is not waited for. */
const MOST_DELAY_MS = 10_000;

/** No honest answer is longer: a list of versions with their errors. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

class AnswerTooLarge extends Error {}

const JUDGED_BY_CALLER = new Set([400, 404, 409, 422]);

/** How an attempt ended that may be worth another one. */
interface Failed {
  readonly error: EmergencyError;
  readonly again: boolean;
  readonly delayMs: number;
}

/**
 * Requests through Node's own `fetch`. Questions are asked again when the server cannot answer now; orders are
 * sent once, and the caller looks what became of them. Redirections are not followed: a token would go with them.
 */
export function overHttp(wait: (milliseconds: number) => Promise<void>): Http {
  return {
    async send(server, request) {
      for (let attempt = 1; ; attempt += 1) {
        const outcome = await once(server, request);
        if ("status" in outcome) {
          return outcome;
        }
        const { error, again, delayMs } = outcome;
        if (!request.asks || !again || attempt >= ATTEMPTS || delayMs > MOST_DELAY_MS) {
          throw error;
        }
        await wait(Math.max(delayMs, BASE_DELAY_MS * 2 ** (attempt - 1)));
      }
    },
  };
}

async function once(server: HttpServer, request: HttpRequest): Promise<HttpAnswer | Failed> {
  const { method, path, body, timeoutMs } = request;
  let answer: HttpAnswer;
  let retryAfter: string | null;
  try {
    const response = await fetch(`${server.url}${path}`, {
      method,
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        ...server.headers,
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body }),
    });
    answer = { status: response.status, text: await textOf(response) };
    retryAfter = response.headers.get("retry-after");
  } catch (error) {
    if (error instanceof AnswerTooLarge) {
      return { error: refused(server, "its answer is larger than any honest one"), ...final };
    }
    return { error: unreachable(server, reasonOf(error), asError(error)), again: true, delayMs: 0 };
  }
  const { status, text } = answer;
  if ((status >= 200 && status < 300) || JUDGED_BY_CALLER.has(status)) {
    return answer;
  }
  if (status === 401 || status === 403) {
    return { error: denied(server, `HTTP ${status}`), ...final };
  }
  if (status === 429 || status >= 500) {
    const seconds = Number(retryAfter ?? "0");
    const delayMs = Number.isFinite(seconds) ? seconds * 1000 : 0;
    return { error: unreachable(server, `HTTP ${status}`), again: true, delayMs };
  }
  return { error: refused(server, `HTTP ${status}: ${excerpt(text)}`), ...final };
}

/** Not read to its end when it has none. */
async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const stream: AsyncIterable<Uint8Array> | readonly Uint8Array[] = body ?? [];
  // What is thrown in the loop also closes the connection.
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) {
      throw new AnswerTooLarge();
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

const final = { again: false, delayMs: 0 };

/** The server does not answer, or cannot now. */
export function unreachable({ name, url }: HttpServer, why: string, cause?: Error): EmergencyError {
  return new EmergencyError(
    "INDEXER_UNREACHABLE",
    `${name} at ${url} does not answer: ${why}`,
    "see whether it runs and can be reached from here, and type the same command again: it looks at what was done",
    cause,
  );
}

/** The server does not take the credentials. */
export function denied({ name, whenDenied }: HttpServer, why: string): EmergencyError {
  return new EmergencyError("INDEXER_DENIED", `${name} does not let us in: ${why}`, whenDenied);
}

/** The server refuses, or answers what cannot be understood. */
export function refused({ name }: HttpServer, why: string): EmergencyError {
  return new EmergencyError(
    "INDEXER_REFUSED",
    `${name} refuses: ${why}`,
    "look at its reason above, and type the same command again",
  );
}

/** The beginning of a text that a person should see. */
export function excerpt(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length <= 300 ? line : `${line.slice(0, 300)}…`;
}

/** A JSON document, or undefined. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `fetch` says only "fetch failed"; what it was stands in the cause. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") {
    return "it takes too long";
  }
  return messageOf(error instanceof Error && error.cause instanceof Error ? error.cause : error);
}

/**
 * The place in a URL and what is secret in it: credentials in front of the host go into a header.
 * @param url begins with http:// or https://
 */
export function serverAt(url: string): {
  readonly url: string;
  /** For people and plans: "graph-node:8030". */
  readonly host: string;
  readonly headers: Readonly<Record<string, string>>;
} {
  const parsed = new URL(url);
  const { username, password, host } = parsed;
  parsed.username = "";
  parsed.password = "";
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    url: parsed.href.replace(/\/+$/, ""),
    host,
    headers:
      username === "" && password === ""
        ? {}
        : { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` },
  };
}
