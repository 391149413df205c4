import type { IncomingHttpHeaders } from "node:http";

/** A request that came to the faulty proxy. */
export interface ProxiedRequest {
  /** 1 for the first. */
  readonly number: number;
  readonly method: string;
  /** Decoded, without the query: "/bucket/a key". */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Of the answer, the server's or the proxy's; undefined until there is one. */
  status: number | undefined;
  /** Of the body, as far as it has come. Uploads by the SDK have a few more than the object, around its chunks. */
  bytes: number;
}

/** Which requests are meant. What is not given matches everything. */
export interface RequestPattern {
  readonly method?: string;
  /** Of the decoded path, which begins with a slash and the bucket. */
  readonly path?: RegExp;
  /** Names that must be in the query: "versions", "list-type", "uploadId". */
  readonly query?: readonly string[];
  /** Names that must not be in the query. */
  readonly without?: readonly string[];
  /** For copies: "x-amz-copy-source". */
  readonly header?: string;
}

/** What happens to a request instead of an answer. */
export type Fault =
  /** An error, in the form of S3's unless a body is given. The server never sees the request. */
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly code: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** The connection breaks when so many bytes of the body have gone to the server. */
  | { readonly kind: "cut-upload"; readonly afterBytes: number }
  /** The server does it, and then the connection breaks. */
  | { readonly kind: "lose-answer" }
  /** It reaches the server later. */
  | { readonly kind: "delay"; readonly ms: number };

/** S3 asks its clients to slow down. */
export const slowDown: Fault = { kind: "answer", status: 503, code: "SlowDown" };

/** A session that was assumed for an hour is over. */
export const expiredToken: Fault = { kind: "answer", status: 400, code: "ExpiredToken" };

/** What an API server of Kubernetes says when it does not do what it is asked. */
export function kubernetesRefusal(
  status: number,
  reason: string,
  headers: Readonly<Record<string, string>> = {},
): Fault {
  const said = { kind: "Status", apiVersion: "v1", status: "Failure", code: status, reason };
  const body = JSON.stringify({ ...said, message: `${reason}, says the faulty proxy` });
  return { kind: "answer", status, code: reason, headers, body };
}

/** Called at one request: to kill the client, to change the bucket behind its back, to look. */
export interface RequestHook {
  /** Before the server sees it. "drop" cuts the connection, and the server never sees it. */
  before?(request: ProxiedRequest): Promise<"drop" | undefined> | "drop" | undefined;
  /** When the server has done it, and before the client knows. "drop" cuts the connection. */
  after?(request: ProxiedRequest): Promise<"drop" | undefined> | "drop" | undefined;
}

export function matches(pattern: RequestPattern, request: ProxiedRequest): boolean {
  const { method, path, query = [], without = [], header } = pattern;
  return (
    (method === undefined || method === request.method) &&
    (path?.test(request.path) ?? true) &&
    query.every((name) => request.query.has(name)) &&
    !without.some((name) => request.query.has(name)) &&
    (header === undefined || header in request.headers)
  );
}
