import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

import { messageOf } from "../errors.js";
import { isRecord } from "../json.js";
import { coalescing } from "./authority/coalesce.js";
import type { Chain } from "./chain.js";
import { isHex } from "./reads.js";
import type { RpcCall, RpcReply } from "./rpc.js";

/** An address at which a copy of a chain reads the original. */
export interface Gateway {
  /** On this machine, with a secret in its path: who does not know it is not served. */
  readonly url: string;
  /** The accounts and storage words that were asked for since the last time, each once. */
  takeAsked(): readonly AskedState[];
  close(): Promise<void>;
}

/** An account, or one of its storage words. */
export interface AskedState {
  readonly address: string;
  /** Undefined: its balance, nonce or code. */
  readonly slot: string | undefined;
}

/**
 * Stands between the simulator and the node that it copies. The simulator keeps nothing of the newest
 * blocks, and asks for the same account again with every call that is tried: hundreds of requests
 * for one contract. Here each question about a block goes to the node once, those that come together
 * travel together, and the node's wishes (small batches, patience, headers) are respected as
 * everywhere else.
 */
export async function openGateway(chain: Chain): Promise<Gateway> {
  const memory = new Memory(chain);
  const path = `/${randomBytes(16).toString("hex")}`;
  const server = createServer((request, response) => {
    void serve(memory, path, request, response);
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}${path}`,
    takeAsked: () => memory.takeAsked(),
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      });
    },
  };
}

/** What is said of a block by its number or hash does not change while it is examined. */
const LASTING: ReadonlySet<string> = new Set([
  "eth_chainId",
  "net_version",
  "eth_getBalance",
  "eth_getCode",
  "eth_getTransactionCount",
  "eth_getStorageAt",
  "eth_getBlockByNumber",
  "eth_getBlockByHash",
  "eth_getTransactionByHash",
  "eth_getTransactionReceipt",
]);

/** The simulator asks for all three of an account, each in a request of its own. */
const OF_AN_ACCOUNT: readonly string[] = [
  "eth_getBalance",
  "eth_getTransactionCount",
  "eth_getCode",
];

/** Each lasting answer of a node, asked for once. */
class Memory {
  readonly #chain: Chain;
  readonly #answers = new Map<string, Promise<RpcReply>>();
  #asked = new Map<string, AskedState>();

  constructor(chain: Chain) {
    this.#chain = coalescing(chain);
  }

  takeAsked(): readonly AskedState[] {
    const taken = [...this.#asked.values()];
    this.#asked = new Map();
    return taken;
  }

  async answer(call: RpcCall): Promise<RpcReply> {
    const state = stateIn(call);
    if (state !== undefined) {
      this.#asked.set(`${state.address} ${state.slot ?? ""}`, state);
    }
    if (!lasts(call)) {
      return await this.#ask(call);
    }
    const known = this.#answers.get(keyOf(call));
    if (known !== undefined) {
      return await known;
    }
    if (OF_AN_ACCOUNT.includes(call.method)) {
      for (const method of OF_AN_ACCOUNT) {
        void this.#remember({ ...call, method });
      }
    }
    return await this.#remember(call);
  }

  async #remember(call: RpcCall): Promise<RpcReply> {
    const key = keyOf(call);
    const known = this.#answers.get(key);
    if (known !== undefined) {
      return await known;
    }
    const asked = this.#ask(call).then((reply) => {
      // A refusal, or a block that the node does not have yet, may be another one the next time.
      if (!reply.ok || reply.result === null) {
        this.#answers.delete(key);
      }
      return reply;
    });
    this.#answers.set(key, asked);
    return await asked;
  }

  /** Never throws: what the node cannot be asked is a refusal to the simulator. */
  async #ask(call: RpcCall): Promise<RpcReply> {
    try {
      const [reply] = await this.#chain.rpc.batch([call]);
      return reply ?? { ok: false, failure: { code: 0, message: "no answer" } };
    } catch (error) {
      return { ok: false, failure: { code: 0, message: messageOf(error) } };
    }
  }
}

function stateIn({ method, params }: RpcCall): AskedState | undefined {
  const [address, slot] = params;
  if (typeof address !== "string") {
    return undefined;
  }
  if (OF_AN_ACCOUNT.includes(method)) {
    return { address, slot: undefined };
  }
  return method === "eth_getStorageAt" && typeof slot === "string" ? { address, slot } : undefined;
}

function keyOf({ method, params }: RpcCall): string {
  return JSON.stringify([method, params]);
}

/** "latest" and its kin mean another block every time. */
function lasts({ method, params }: RpcCall): boolean {
  return (
    LASTING.has(method) &&
    params.every((param) => typeof param !== "string" || isHex(param) || param === "earliest")
  );
}

async function serve(
  memory: Memory,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.url !== path) {
    response.writeHead(404).end();
    return;
  }
  let answer: unknown;
  try {
    const asked: unknown = JSON.parse(await textOf(request));
    answer = Array.isArray(asked)
      ? await Promise.all(asked.map(async (one) => await answerTo(memory, one)))
      : await answerTo(memory, asked);
  } catch (error) {
    answer = failed(null, { code: -32700, message: messageOf(error) });
  }
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(answer));
}

async function answerTo(memory: Memory, asked: unknown): Promise<unknown> {
  if (!isRecord(asked) || typeof asked.method !== "string") {
    return failed(null, { code: -32600, message: "not a JSON-RPC call" });
  }
  const { id, method, params } = asked;
  const list: readonly unknown[] = Array.isArray(params) ? params : [];
  const reply = await memory.answer({ method, params: list });
  return reply.ok ? { jsonrpc: "2.0", id, result: reply.result } : failed(id, reply.failure);
}

function failed(id: unknown, failure: unknown): unknown {
  return { jsonrpc: "2.0", id, error: failure };
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
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new Error("a server on 127.0.0.1 has a port");
  }
  return address.port;
}
