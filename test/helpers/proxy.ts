import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
} from "node:http";

import { asError } from "../../src/errors.js";
import { isRecord } from "../../src/json.js";

/** One HTTP request to a node. */
export interface ProxyRequest {
  readonly isBatch: boolean;
  /** The methods it calls, in order. */
  readonly methods: readonly string[];
  readonly calls: readonly Record<string, unknown>[];
  readonly body: string;
  /** Path and query, as they were asked for. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** One HTTP answer. */
export interface ProxyAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * How a request is answered. `forward` asks the real node.
 * - "drop": the connection is cut
 * - "hang": nothing is ever answered
 */
export type ProxyRule = (
  request: ProxyRequest,
  forward: () => Promise<ProxyAnswer>,
) => Promise<ProxyAnswer | "drop" | "hang"> | ProxyAnswer | "drop" | "hang";

/** A server in front of a node: it counts, and answers as told. */
export interface NodeProxy {
  readonly url: string;
  /** Everything that was asked, oldest first. */
  readonly requests: readonly ProxyRequest[];
  /** From now on requests are answered by this rule. */
  answerBy(rule: ProxyRule): void;
  /** How often a method was called. */
  count(method: string): number;
  close(): Promise<void>;
}

/** Everything as the node answers it. */
export const honest: ProxyRule = async (_request, forward) => await forward();

/** Starts a proxy on a free port. It is honest until it is told otherwise. */
export async function startProxy(target: string): Promise<NodeProxy> {
  let rule = honest;
  const requests: ProxyRequest[] = [];
  let failure: Error | undefined;
  const server = createServer((request, response) => {
    void (async () => {
      const body = await textOf(request);
      const parsed = parse(body, request);
      requests.push(parsed);
      const answer = await rule(parsed, async () => await forward(target, body));
      if (answer === "hang") {
        return;
      }
      if (answer === "drop") {
        request.socket.destroy();
        return;
      }
      response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
      response.end(answer.body);
    })().catch((error: unknown) => {
      failure ??= asError(error);
      request.socket.destroy();
    });
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    answerBy(next) {
      rule = next;
    },
    count: (method) =>
      requests.flatMap(({ methods }) => methods).filter((name) => name === method).length,
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      });
      // A mistake in a rule looks like a broken node to the client: say what it was.
      if (failure !== undefined) {
        throw failure;
      }
    },
  };
}

/** Whether a request hands a transaction over to the node. */
export function sends({ methods }: ProxyRequest): boolean {
  return methods.some((method) => /^eth_send(Raw)?Transaction$/.test(method));
}

/** An answer to a single call with a JSON-RPC error. */
export function rpcError(request: ProxyRequest, message: string, code = -32000): ProxyAnswer {
  const id = request.calls[0]?.id ?? null;
  return { status: 200, body: JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } }) };
}

async function forward(target: string, body: string): Promise<ProxyAnswer> {
  const response = await fetch(target, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  return { status: response.status, body: await response.text() };
}

function parse(body: string, { url = "", headers }: IncomingMessage): ProxyRequest {
  const value: unknown = JSON.parse(body);
  const calls = (Array.isArray(value) ? value : [value]).filter(isRecord);
  return {
    isBatch: Array.isArray(value),
    calls,
    methods: calls.map(({ method }) => String(method)),
    body,
    path: url,
    headers,
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  request.setEncoding("utf8");
  let text = "";
  for await (const chunk of request) {
    text += String(chunk);
  }
  return text;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new Error("a server on 127.0.0.1 has a port");
  }
  return address.port;
}
