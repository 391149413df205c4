import { EmergencyError } from "../../errors.js";
import type { Chain } from "../chain.js";
import type { Rpc, RpcCall, RpcReply } from "../rpc.js";

interface Waiting {
  readonly calls: readonly RpcCall[];
  readonly resolve: (replies: readonly RpcReply[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The same chain, but whatever is asked side by side travels together: all reads of one level of a
 * tree take one round trip, although each contract is read by a function of its own.
 *
 * A contract whose answers are too large for the transport does not take the others with it: the
 * batch is halved until it is alone, and its answer counts as refused.
 */
export function coalescing(chain: Chain): Chain {
  let waiting: Waiting[] = [];

  async function flush(): Promise<void> {
    const asked = waiting;
    waiting = [];
    const calls = asked.flatMap((each) => each.calls);
    try {
      const replies = await boundedBatch(chain.rpc, calls);
      let from = 0;
      for (const each of asked) {
        each.resolve(replies.slice(from, from + each.calls.length));
        from += each.calls.length;
      }
    } catch (error) {
      for (const each of asked) {
        each.reject(error);
      }
    }
  }

  return withRpc(chain, {
    async batch(calls) {
      if (calls.length === 0) {
        return [];
      }
      return await new Promise((resolve, reject) => {
        if (waiting.length === 0) {
          // After everything that can run now has run, and so has asked.
          setImmediate(() => void flush());
        }
        waiting.push({ calls, resolve, reject });
      });
    },
  });
}

/** The same chain, read in another way. */
export function withRpc(chain: Chain, rpc: Rpc): Chain {
  return {
    network: chain.network,
    kind: chain.kind,
    onThisMachine: chain.onThisMachine,
    configuredChainId: chain.configuredChainId,
    fixedGasPriceWei: chain.fixedGasPriceWei,
    rpc,
    chainId: async () => await chain.chainId(),
    chainIdChecked: (chainId) => {
      chain.chainIdChecked(chainId);
    },
    accounts: async () => await chain.accounts(),
    send: async (transaction) => await chain.send(transaction),
    close: async () => {
      await chain.close();
    },
  };
}

/** A contract that spoils more answers than this is read no further. */
const MOST_SPOILED = 12;

async function boundedBatch(rpc: Rpc, calls: readonly RpcCall[]): Promise<readonly RpcReply[]> {
  let spoiled = 0;
  let answered = 0;

  async function part(some: readonly RpcCall[]): Promise<readonly RpcReply[]> {
    if (spoiled > MOST_SPOILED) {
      return some.map(() => TOO_LARGE);
    }
    try {
      const replies = await rpc.batch(some);
      answered += replies.length;
      return replies;
    } catch (error) {
      if (!(error instanceof EmergencyError) || error.code !== "RPC_INVALID") {
        throw error;
      }
      spoiled++;
      if (some.length === 1) {
        return [TOO_LARGE];
      }
      const middle = Math.ceil(some.length / 2);
      const first = await part(some.slice(0, middle));
      const second = await part(some.slice(middle));
      // When nothing at all can be used it is the node that is broken, not a contract.
      if (answered === 0) {
        throw error;
      }
      return [...first, ...second];
    }
  }

  return await part(calls);
}

const TOO_LARGE: RpcReply = {
  ok: false,
  failure: { code: 0, message: "the answer cannot be used: it is too large, or no JSON-RPC" },
};
