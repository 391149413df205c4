import type { EIP1193Provider } from "hardhat/types/providers";

import { EmergencyError, asError, messageOf } from "../errors.js";
import { isRecord } from "../json.js";
import { AnswerTooLarge, postJson, type HttpAnswer } from "./http-post.js";
import { loadProxiedHttp } from "./lazy.js";

/** One JSON-RPC call. */
export interface RpcCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** The node's own word that a call failed. `data` is hex where the node gave revert data. */
export interface RpcFailure {
  readonly code: number;
  readonly message: string;
  readonly data?: string;
}

/** The answer to one call: a result, or the node's refusal of this one call. */
export type RpcReply =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly failure: RpcFailure };

/**
 * A way to read from a node. Reads may be repeated, so a transport is free to try one again when
 * the node asks it to wait. Nothing is ever sent to be mined through this port.
 */
export interface Rpc {
  /**
   * Makes all calls in as few round trips as the transport allows.
   * @returns one reply a call, in their order.
   * @throws EmergencyError RPC_UNREACHABLE, RPC_INVALID or RPC_REFUSED when the node cannot be used at all.
   */
  batch(calls: readonly RpcCall[]): Promise<readonly RpcReply[]>;
}

/** What {@link httpRpc} needs to know. */
export interface HttpRpcOptions {
  /** As in the configuration; how errors name the node. Its URL is never shown. */
  readonly networkName: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Per request, in milliseconds. */
  readonly timeoutMs: number;
  /** Waits so many milliseconds; injected so that tests need not. */
  readonly wait: (milliseconds: number) => Promise<void>;
}

/** How often a read is repeated when the node says 429 or 503. */
const MAX_ATTEMPTS = 5;
/** Nobody waits longer than this for one answer in an emergency, whatever `Retry-After` says. */
const MAX_WAIT_MS = 10_000;
/**
 * Reads from an HTTP node with batches. Hardhat's own provider makes one request a call and loads
 * the simulator first, which doubles the time to the first answer; signing and sending still go
 * through it.
 */
export function httpRpc(options: HttpRpcOptions): Rpc {
  let nextId = 1;
  // Some nodes take small batches only, or none. Found out once, then remembered.
  let most = Infinity;

  async function single(call: RpcCall): Promise<RpcReply> {
    const id = nextId++;
    const answer = await exchange(options, { jsonrpc: "2.0", id, ...call });
    if (!isRecord(answer)) {
      throw invalid(options.networkName, "the answer is not a JSON-RPC object");
    }
    return replyOf(options.networkName, answer);
  }

  /** Undefined when the node takes no batch of this size. */
  async function together(calls: readonly RpcCall[]): Promise<readonly RpcReply[] | undefined> {
    const ids = calls.map(() => nextId++);
    const answer = await exchange(
      options,
      calls.map((call, index) => ({ jsonrpc: "2.0", id: ids[index], ...call })),
    );
    if (Array.isArray(answer)) {
      const replies = inOrder(options.networkName, ids, answer);
      // What the node has left out it is asked again.
      return await Promise.all(
        calls.map(async (call, index) => replies[index] ?? (await single(call))),
      );
    }
    if (!isRecord(answer) || !isRecord(answer.error)) {
      throw invalid(options.networkName, "the answer to a batch is neither a list nor an error");
    }
    return undefined;
  }

  async function ask(calls: readonly RpcCall[]): Promise<readonly RpcReply[]> {
    const [first] = calls;
    if (first === undefined) {
      return [];
    }
    if (calls.length === 1) {
      return [await single(first)];
    }
    if (calls.length <= most) {
      const replies = await together(calls);
      if (replies !== undefined) {
        return replies;
      }
      most = Math.min(most, calls.length > SMALL_BATCH ? SMALL_BATCH : 1);
    }
    const parts: (readonly RpcCall[])[] = [];
    for (let from = 0; from < calls.length; from += most) {
      parts.push(calls.slice(from, from + most));
    }
    return (await Promise.all(parts.map(ask))).flat();
  }

  return {
    async batch(calls) {
      let replies = await ask(calls);
      // Some nodes answer the calls in a batch for which they have no time with an error each.
      for (let attempt = 1; replies.some(asksForPatience); attempt++) {
        if (attempt === MAX_ATTEMPTS) {
          throw tooManyRequests(options.networkName, "an error");
        }
        await options.wait(waitBefore(attempt, null));
        const left = calls.filter((_, index) => asksForPatience(replies[index]));
        const later = [...(await ask(left))];
        replies = replies.map((reply) =>
          asksForPatience(reply) ? (later.shift() ?? reply) : reply,
        );
      }
      return replies;
    },
  };
}

/** The smallest limit that nodes are known to have. */
const SMALL_BATCH = 10;

/** "Too many requests", in the words and codes of the usual providers. Too many results are another thing. */
function asksForPatience(reply: RpcReply | undefined): boolean {
  return (
    reply?.ok === false &&
    reply.failure.data === undefined &&
    !/revert/i.test(reply.failure.message) &&
    (reply.failure.code === 429 ||
      /too many requests|rate limit|request limit|compute units per second|capacity exceeded/i.test(
        reply.failure.message,
      ))
  );
}

function tooManyRequests(networkName: string, how: string): EmergencyError {
  return new EmergencyError(
    "RPC_REFUSED",
    `the node of network "${networkName}" says "too many requests" (${how}), ${MAX_ATTEMPTS} times`,
    `wait a moment and type the same command again, or give "${networkName}" another url in hardhat.config.ts`,
  );
}

/**
 * Reads through a Hardhat connection: simulated networks, forks, and anything that another plugin
 * serves. Calls are made side by side; there is no batch to send.
 */
export function providerRpc(networkName: string, provider: EIP1193Provider): Rpc {
  return {
    async batch(calls) {
      return await Promise.all(
        calls.map(async (call): Promise<RpcReply> => {
          try {
            const result: unknown = await provider.request({
              method: call.method,
              params: [...call.params],
            });
            return { ok: true, result };
          } catch (error) {
            return { ok: false, failure: providerFailure(networkName, error) };
          }
        }),
      );
    },
  };
}

/**
 * What a provider threw, as the node's refusal of this call.
 * @throws EmergencyError RPC_UNREACHABLE when it is not the node's word but a lost connection.
 */
export function providerFailure(networkName: string, error: unknown): RpcFailure {
  if (!isRecord(error) && !(error instanceof Error)) {
    throw unreachable(networkName, String(error));
  }
  const code = "code" in error ? error.code : undefined;
  // Hardhat gives a connection that was cut, or an HTTP error, this code: the node itself said nothing.
  if (typeof code !== "number" || code === NOT_THE_NODES_WORD) {
    throw unreachable(networkName, messageOf(error), asError(error));
  }
  const data = "data" in error ? revertData(error.data) : undefined;
  const message = error instanceof Error ? messageOf(error) : String(error.message);
  return { code, message, ...(data === undefined ? {} : { data }) };
}

/** `UnknownError.CODE` of Hardhat's providers. */
const NOT_THE_NODES_WORD = -1;

/** One HTTP exchange, repeated while the node asks for patience. */
async function exchange(options: HttpRpcOptions, body: unknown): Promise<unknown> {
  const request = JSON.stringify(body);
  for (let attempt = 1; ; attempt++) {
    const response = await post(options, request);
    if (response.status === 429 || response.status === 503) {
      if (attempt === MAX_ATTEMPTS) {
        throw tooManyRequests(options.networkName, `HTTP ${response.status}`);
      }
      await options.wait(waitBefore(attempt, response.retryAfter));
      continue;
    }
    return parse(options.networkName, response);
  }
}

function waitBefore(attempt: number, retryAfter: string | null): number {
  const asked = retryAfter === null ? NaN : Number(retryAfter) * 1000;
  const milliseconds = Number.isFinite(asked) && asked >= 0 ? asked : 250 * 2 ** (attempt - 1);
  return Math.min(milliseconds, MAX_WAIT_MS);
}

async function post(options: HttpRpcOptions, body: string): Promise<HttpAnswer> {
  if (behindProxy(options.url)) {
    return await postThroughProxy(options, body);
  }
  try {
    return await postJson(options.url, options.headers, body, options.timeoutMs);
  } catch (error) {
    if (error instanceof AnswerTooLarge) {
      throw invalid(options.networkName, `the answer is too large: ${error.message}`);
    }
    throw unreachable(options.networkName, reasonOf(error, options.timeoutMs), asError(error));
  }
}

/** The environment's proxy is honoured as Hardhat does it; slower to load, so only where one is set. */
async function postThroughProxy(options: HttpRpcOptions, body: string): Promise<HttpAnswer> {
  const http = await loadProxiedHttp();
  const parsed: unknown = JSON.parse(body);
  try {
    const dispatcher = await http.getDispatcher(options.url, { timeout: options.timeoutMs });
    const response = await http.postJsonRequest(
      options.url,
      parsed,
      { extraHeaders: { ...options.headers } },
      dispatcher,
    );
    return { status: response.statusCode, retryAfter: null, text: await response.body.text() };
  } catch (error) {
    if (error instanceof http.ResponseStatusCodeError) {
      const { body } = error;
      const text = typeof body === "string" ? body : JSON.stringify(body ?? "");
      return { status: error.statusCode, retryAfter: null, text };
    }
    throw unreachable(options.networkName, reasonOf(error, options.timeoutMs), asError(error));
  }
}

function behindProxy(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  const name = protocol === "https:" ? "https_proxy" : "http_proxy";
  const proxy = process.env[name] ?? process.env[name.toUpperCase()] ?? "";
  return proxy !== "" && !isLoopback(hostname);
}

/** Whether a host name always means this machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}

/** Why a connection failed, without the URL in it. */
function reasonOf(error: unknown, timeoutMs: number): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if ([error, cause].some((each) => each instanceof Error && each.name === "TimeoutError")) {
    return `no answer within ${timeoutMs / 1000} s`;
  }
  for (const each of [error, cause]) {
    const code = each instanceof Error && "code" in each ? each.code : undefined;
    if (code === "ECONNREFUSED") {
      return "connection refused";
    }
    if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
      return "its host name cannot be resolved";
    }
    if (typeof code === "string") {
      return code;
    }
  }
  return messageOf(error);
}

function parse(networkName: string, answer: HttpAnswer): unknown {
  try {
    const parsed: unknown = JSON.parse(answer.text);
    return parsed;
  } catch {
    if (answer.status >= 400) {
      throw new EmergencyError(
        "RPC_REFUSED",
        `the node of network "${networkName}" answered HTTP ${answer.status}`,
        answer.status === 401 || answer.status === 403
          ? `check the key in the url of network "${networkName}" in hardhat.config.ts`
          : `check the url of network "${networkName}" in hardhat.config.ts, or use another node`,
      );
    }
    throw invalid(networkName, "the answer is not JSON");
  }
}

/** Undefined for what was not answered. */
function inOrder(
  networkName: string,
  ids: readonly number[],
  answers: unknown[],
): readonly (RpcReply | undefined)[] {
  const byId = new Map<unknown, Record<string, unknown>>();
  for (const answer of answers) {
    if (!isRecord(answer)) {
      throw invalid(networkName, "an answer in a batch is not an object");
    }
    byId.set(answer.id, answer);
  }
  return ids.map((id) => {
    const answer = byId.get(id);
    return answer === undefined ? undefined : replyOf(networkName, answer);
  });
}

function replyOf(networkName: string, answer: Record<string, unknown>): RpcReply {
  if (isRecord(answer.error)) {
    const { code, message, data } = answer.error;
    const revert = revertData(data);
    return {
      ok: false,
      failure: {
        code: typeof code === "number" ? code : 0,
        message: typeof message === "string" ? message : "no reason given",
        ...(revert === undefined ? {} : { data: revert }),
      },
    };
  }
  if (!("result" in answer)) {
    throw invalid(networkName, "an answer holds neither a result nor an error");
  }
  return { ok: true, result: answer.result };
}

/** Nodes put revert data in `data`, `data.data`, or `data.originalError.data`. */
function revertData(data: unknown): string | undefined {
  if (typeof data === "string" && /^0x([0-9a-f]{2})*$/i.test(data)) {
    return data;
  }
  if (isRecord(data)) {
    return (
      revertData(data.data) ??
      (isRecord(data.originalError) ? revertData(data.originalError.data) : undefined)
    );
  }
  return undefined;
}

function unreachable(networkName: string, reason: string, cause?: Error): EmergencyError {
  return new EmergencyError(
    "RPC_UNREACHABLE",
    `the node of network "${networkName}" cannot be reached: ${reason}`,
    `check that the node runs and that the url of network "${networkName}" in hardhat.config.ts is right, then type the same command again`,
    cause,
  );
}

/** The node's answer makes no sense. `what` says in which way. */
export function invalid(networkName: string, what: string): EmergencyError {
  return new EmergencyError(
    "RPC_INVALID",
    `the node of network "${networkName}" gave an answer that cannot be used: ${what}`,
    `check that the url of network "${networkName}" in hardhat.config.ts is that of an Ethereum JSON-RPC node, or use another node`,
  );
}
