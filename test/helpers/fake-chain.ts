import type { Chain } from "../../src/chain/chain.js";
import type { RpcCall, RpcReply } from "../../src/chain/rpc.js";

/** How a fake chain answers the calls that a test expects. Anything else throws. */
export type Answers = Readonly<Record<string, (call: RpcCall) => RpcReply>>;

/** A chain without a node: it answers what it was told, and throws on everything else. */
export function fakeChain(answers: Answers): Chain & { readonly calls: readonly RpcCall[] } {
  const calls: RpcCall[] = [];
  return {
    calls,
    network: "fake",
    kind: "http",
    onThisMachine: false,
    configuredChainId: 1,
    fixedGasPriceWei: undefined,
    rpc: {
      async batch(asked) {
        calls.push(...asked);
        return await Promise.resolve(
          asked.map((call) => {
            const answer = answers[call.method];
            if (answer === undefined) {
              throw new Error(`nobody expected ${call.method}`);
            }
            return answer(call);
          }),
        );
      },
    },
    chainId: unexpected("chainId"),
    chainIdChecked: () => undefined,
    accounts: unexpected("accounts"),
    send: unexpected("send"),
    close: unexpected("close"),
  };
}

/** A function that a test does not expect to be called. */
export function unexpected(name: string): () => never {
  return () => {
    throw new Error(`nobody expected a call of ${name}`);
  };
}
