import type { Chain } from "../../src/chain/chain.js";
import { httpRpc, type RpcCall, type RpcReply } from "../../src/chain/rpc.js";
import { unexpected } from "./fake-chain.js";

/** A chain that can only be read, and what was asked of it: one entry a round trip. */
export interface ReadOnlyChain extends Chain {
  readonly batches: (readonly RpcCall[])[];
}

/**
 * The chain behind a URL, without a project: for tests of what only reads.
 * @param refused methods that the node does not have.
 */
export function nodeChain(url: string, refused: readonly string[] = []): ReadOnlyChain {
  const rpc = httpRpc({
    networkName: "node",
    url,
    headers: {},
    timeoutMs: 30_000,
    wait: async () => {
      await Promise.resolve();
    },
  });
  const batches: (readonly RpcCall[])[] = [];
  let checked: number | undefined;
  return {
    batches,
    network: "node",
    kind: "http",
    onThisMachine: true,
    configuredChainId: undefined,
    fixedGasPriceWei: undefined,
    rpc: {
      async batch(calls) {
        batches.push(calls);
        const replies = await rpc.batch(calls);
        return replies.map((reply, index) =>
          refused.includes(calls[index]?.method ?? "") ? REFUSED : reply,
        );
      },
    },
    // Known once something was looked at, as of a real chain.
    chainId: async () => await Promise.resolve(checked ?? unexpected("chainId")()),
    chainIdChecked: (chainId) => {
      checked = chainId;
    },
    accounts: unexpected("accounts"),
    send: unexpected("send"),
    close: unexpected("close"),
  };
}

const REFUSED: RpcReply = {
  ok: false,
  failure: { code: -32601, message: "the method does not exist" },
};
