import { registerSecretUrl } from "../../../redact.js";
import {
  answersIn,
  callsIn,
  chainIdIn,
  namedIn,
  usesIn,
  type PageCall,
  type UseKind,
} from "../rpc.js";

/** The page's wallet, among the nodes that it asks. */
export const WALLET = "the wallet";

/** Something that a page uses an address for. */
export interface AddressUse {
  /** In small letters. */
  readonly address: string;
  readonly kind: UseKind;
  /** "eth_call"; "GET" or "POST" of what is no JSON-RPC. */
  readonly method: string;
  /** The host that was asked, or {@link WALLET}. */
  readonly asked: string;
  readonly chainId: number | null;
  readonly times: number;
}

/** A node that a page asks. */
export interface AskedNode {
  /** Its host, or {@link WALLET}. Never its URL: that often holds a key. */
  readonly host: string;
  readonly calls: number;
  /** Whether it has answered any. */
  readonly answered: boolean;
  /** Null where the page did not ask for it, and the node does not say. */
  readonly chainId: number | null;
}

interface Node {
  readonly url: string;
  readonly calls: PageCall[];
  answered: boolean;
  chainId: number | null;
}

/** Remembers every JSON-RPC call of a page, and what else names an address. */
export class RpcLog {
  readonly #watched: readonly string[];
  readonly #nodes = new Map<string, Node>();
  readonly #others: { readonly url: string; readonly method: string; readonly address: string }[] =
    [];

  /** @param watched addresses that are looked for in everything, in small letters. */
  constructor(watched: readonly string[]) {
    this.#watched = watched;
  }

  /**
   * What the page sends.
   * @returns its calls, or undefined when it is no JSON-RPC.
   */
  sent(url: string, method: string, payload: string): readonly PageCall[] | undefined {
    const calls = callsIn(payload);
    if (calls === undefined) {
      // Subgraphs and other services are asked about a contract, too.
      for (const { address } of namedIn(`${decoded(url)} ${payload}`, this.#watched)) {
        this.#others.push({ url, method, address });
      }
      return undefined;
    }
    this.#record(url, calls);
    return calls;
  }

  /** A call of the page's wallet. */
  asked(call: PageCall): void {
    this.#record(WALLET, [call]);
  }

  /**
   * What came back.
   * @param asked the calls that it answers; undefined on a WebSocket, where only the ids tell.
   * @returns the ids of the calls that are answered.
   */
  received(url: string, payload: string, asked?: readonly PageCall[]): readonly unknown[] {
    const node = this.#nodes.get(url);
    const answers = answersIn(payload);
    if (node !== undefined && answers.size > 0) {
      node.answered = true;
      for (const [id, result] of answers) {
        const call = (asked ?? node.calls.toReversed()).find((one) => one.id === id);
        if (call !== undefined && asksForChain(call)) {
          node.chainId = chainIdIn(result) ?? node.chainId;
        }
      }
    }
    return [...answers.keys()];
  }

  /** The wallet's chain is known. */
  walletChain(chainId: number): void {
    const node = this.#nodes.get(WALLET);
    if (node !== undefined) {
      node.answered = true;
      node.chainId = chainId;
    }
  }

  /** The URLs of nodes of which the chain is not known: those that can be asked for it by HTTP. */
  withoutChain(): readonly string[] {
    return [...this.#nodes.values()]
      .filter(({ url, chainId }) => chainId === null && /^https?:/.test(url))
      .map(({ url }) => url);
  }

  /** What a node said when it was asked for its chain. */
  setChain(url: string, payload: string): void {
    const node = this.#nodes.get(url);
    const [result] = answersIn(payload).values();
    if (node !== undefined) {
      node.chainId = chainIdIn(result) ?? null;
    }
  }

  nodes(): readonly AskedNode[] {
    return [...this.#nodes.values()].map(({ url, calls, answered, chainId }) => ({
      host: hostOf(url),
      calls: calls.length,
      answered,
      chainId,
    }));
  }

  /** What the page uses which address for, each thing once. */
  async uses(): Promise<readonly AddressUse[]> {
    const found = new Map<string, AddressUse>();
    const add = (use: Omit<AddressUse, "times">): void => {
      const id = JSON.stringify(use);
      found.set(id, { ...use, times: (found.get(id)?.times ?? 0) + 1 });
    };
    for (const { url, calls, chainId } of this.#nodes.values()) {
      for (const call of calls) {
        for (const { address, kind } of await usesIn(call, this.#watched)) {
          add({ address, kind, method: call.method, asked: hostOf(url), chainId });
        }
      }
    }
    for (const { url, method, address } of this.#others) {
      add({ address, kind: "named", method, asked: hostOf(url), chainId: null });
    }
    return [...found.values()];
  }

  #record(url: string, calls: readonly PageCall[]): void {
    let node = this.#nodes.get(url);
    if (node === undefined) {
      node = { url, calls: [], answered: false, chainId: null };
      this.#nodes.set(url, node);
      if (url !== WALLET) {
        registerSecretUrl(url);
      }
    }
    node.calls.push(...calls);
  }
}

function asksForChain({ method }: PageCall): boolean {
  return method === "eth_chainId" || method === "net_version";
}

function hostOf(url: string): string {
  return url === WALLET ? WALLET : new URL(url).host;
}

function decoded(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}
