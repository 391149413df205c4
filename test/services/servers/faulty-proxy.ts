import { once } from "node:events";
import {
  createServer,
  request as send,
  type ClientRequest,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { request as sendEncrypted } from "node:https";
import { setTimeout as wait } from "node:timers/promises";

import {
  matches,
  type Fault,
  type ProxiedRequest,
  type RequestHook,
  type RequestPattern,
} from "./faults.js";

/**
 * An HTTP proxy in front of a server, which does as it is told: it breaks requests, it counts them, it calls back
 * when one comes. What it passes on, it passes on as it came, the Host header included, so signatures stay valid.
 */
export interface FaultyProxy {
  /** Give it to clients as the endpoint. Without a slash at its end. */
  readonly url: string;
  /** Every request, in the order in which they came. */
  readonly requests: readonly ProxiedRequest[];
  /**
   * Breaks requests. When several rules match, the first one that is not used up counts.
   * @param options `skip`: so many matching requests pass first (default 0); `times`: so many are broken (default 1).
   * @returns how often the rule has been used.
   */
  fail(
    pattern: RequestPattern,
    fault: Fault,
    options?: { readonly skip?: number; readonly times?: number },
  ): () => number;
  /** Calls back when the nth request comes, counted from 1 over all requests since the start or `forget`. */
  onRequest(n: number, hook: RequestHook): void;
  /** How many of the requests are of a kind. */
  count(pattern: RequestPattern): number;
  /** Empties the record, the rules and the hooks. */
  forget(): void;
  stop(): Promise<void>;
}

interface Rule {
  readonly pattern: RequestPattern;
  readonly fault: Fault;
  skip: number;
  times: number;
  used: number;
}

/**
 * @param target the server's endpoint, without a slash at its end.
 * @param certificate of a server that speaks TLS, in PEM. The proxy itself does not.
 */
export async function startFaultyProxy(target: string, certificate?: string): Promise<FaultyProxy> {
  const { hostname, port, protocol } = new URL(target);
  const sendOn = protocol === "https:" ? sendEncrypted : send;
  const requests: ProxiedRequest[] = [];
  const rules: Rule[] = [];
  const hooks = new Map<number, RequestHook>();
  const open = new Set<ClientRequest>();

  function faultFor(request: ProxiedRequest): Fault | undefined {
    for (const rule of rules) {
      if (!matches(rule.pattern, request)) {
        continue;
      }
      if (rule.skip > 0) {
        rule.skip -= 1;
      } else if (rule.times > 0) {
        rule.times -= 1;
        rule.used += 1;
        return rule.fault;
      }
    }
    return undefined;
  }

  async function handle(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const request = recordOf(incoming, requests.length + 1);
    requests.push(request);
    const hook = hooks.get(request.number);
    const fault = faultFor(request);

    if ((await hook?.before?.(request)) === "drop") {
      incoming.socket.destroy();
      return;
    }
    if (fault?.kind === "delay") {
      await wait(fault.ms);
    }
    if (fault?.kind === "answer") {
      request.status = fault.status;
      await refuse(incoming, answer, fault);
      return;
    }
    if (incoming.destroyed && !incoming.complete) {
      // The client has gone in the meantime, in the middle of its request.
      return;
    }
    const outgoing = sendOn({
      ...(certificate === undefined ? {} : { ca: certificate }),
      hostname,
      port,
      method: request.method,
      path: incoming.url,
      // As they came: in this form Node adds none and changes none.
      headers: incoming.rawHeaders,
      setHost: false,
      agent: false,
    });
    open.add(outgoing);
    outgoing.once("close", () => open.delete(outgoing));
    answer.once("close", () => outgoing.destroy());
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once("response", resolve);
      outgoing.on("error", reject);
    });
    const limitBytes = fault?.kind === "cut-upload" ? fault.afterBytes : Infinity;
    passBody(incoming, outgoing, limitBytes, request);

    const response = await answered;
    request.status = response.statusCode;
    const dropped = (await hook?.after?.(request)) === "drop";
    if (dropped || fault?.kind === "lose-answer") {
      response.resume();
      await once(response, "end");
      incoming.socket.destroy();
      return;
    }
    answer.writeHead(response.statusCode ?? 502, response.statusMessage, response.rawHeaders);
    response.pipe(answer);
    await once(response, "end");
  }

  const server = createServer((incoming, answer) => {
    handle(incoming, answer).catch(() => {
      incoming.socket.destroy();
    });
  });
  // A reader that is slow, or a process that is killed, must not be hurried by the proxy.
  server.requestTimeout = 0;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A test that forgets to stop it must not keep this process alive.
  server.unref();
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new Error("the proxy has no port");
  }

  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    fail(pattern, fault, { skip = 0, times = 1 } = {}) {
      const rule: Rule = { pattern, fault, skip, times, used: 0 };
      rules.push(rule);
      return () => rule.used;
    },
    onRequest(n, hook) {
      hooks.set(n, hook);
    },
    count: (pattern) => requests.filter((request) => matches(pattern, request)).length,
    forget() {
      requests.length = 0;
      rules.length = 0;
      hooks.clear();
    },
    async stop() {
      for (const outgoing of open) {
        outgoing.destroy();
      }
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function recordOf(incoming: IncomingMessage, number: number): ProxiedRequest {
  const { pathname, searchParams } = new URL(incoming.url ?? "/", "http://proxy");
  return {
    number,
    method: incoming.method ?? "GET",
    path: decodeURIComponent(pathname),
    query: searchParams,
    headers: incoming.headers,
    status: undefined,
    bytes: 0,
  };
}

/** Passes a body on, whole or only its first bytes: then both connections are cut. */
function passBody(
  incoming: IncomingMessage,
  outgoing: ClientRequest,
  limitBytes: number,
  request: ProxiedRequest,
): void {
  let left = limitBytes;
  const cut = (): void => {
    incoming.socket.destroy();
    outgoing.destroy(new Error("cut by the faulty proxy"));
  };
  incoming.on("data", (chunk: Buffer) => {
    request.bytes += chunk.length;
    const part = chunk.subarray(0, left);
    left -= part.length;
    const more = outgoing.write(part, () => {
      if (left <= 0) {
        cut();
      }
    });
    if (!more) {
      incoming.pause();
      outgoing.once("drain", () => incoming.resume());
    }
  });
  // A request without a body may be at its end before anybody has listened for it.
  if (incoming.readableEnded) {
    outgoing.end();
    return;
  }
  incoming.once("end", () => outgoing.end());
  incoming.once("close", () => {
    // The client has gone, or was cut off, before its request was whole.
    if (!incoming.complete) {
      outgoing.destroy(new Error("the client has gone"));
    }
  });
  if (left <= 0) {
    cut();
  } else {
    incoming.resume();
  }
}

async function refuse(
  incoming: IncomingMessage,
  answer: ServerResponse,
  { status, code, headers = {}, body }: Extract<Fault, { kind: "answer" }>,
): Promise<void> {
  // Read to its end: an answer before that is a broken connection for some clients.
  incoming.resume();
  if (!incoming.readableEnded) {
    await once(incoming, "end");
  }
  const ofS3 =
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<Error><Code>${code}</Code><Message>From the faulty proxy.</Message></Error>`;
  const type = body === undefined ? "application/xml" : "application/json";
  answer.writeHead(status, { "content-type": type, ...headers });
  answer.end(incoming.method === "HEAD" ? "" : (body ?? ofS3));
}
