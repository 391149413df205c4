import type { Chain } from "./chain.js";
import { isHex, quantity, type Read } from "./reads.js";
import type { RpcReply } from "./rpc.js";

/** How often and how long a read-back waits for a node that is behind, in milliseconds. */
const WAIT_MS = 250;
const ATTEMPTS = 40;

/**
 * Reads at the block in which a transaction was mined. Behind a load balancer another node may not
 * have that block yet: then the read is repeated until it has, for at most ten seconds.
 * @param block undefined reads the latest state.
 */
export async function settledRead(
  on: SettledOn,
  read: Read,
  block: number | undefined,
): Promise<{ readonly reply: RpcReply | undefined; readonly block: number }> {
  const { replies, block: at } = await settledReads(on, [read], block);
  return { reply: replies[0], block: at };
}

/** Several reads, as {@link settledRead}. */
export async function settledReads(
  on: SettledOn,
  reads: readonly Read[],
  block: number | undefined,
): Promise<{ readonly replies: readonly RpcReply[]; readonly block: number }> {
  for (let attempt = 1; ; attempt++) {
    const [number, ...replies] = await on.chain.rpc.batch([
      { method: "eth_blockNumber", params: [] },
      ...reads.map((read) => read(block === undefined ? "latest" : quantity(block))),
    ]);
    const latest = number?.ok === true && isHex(number.result) ? Number(number.result) : -1;
    const behind = block !== undefined && (latest < block || replies.some(lacksBlock));
    if (!behind || attempt === ATTEMPTS) {
      return { replies, block: block ?? latest };
    }
    await on.wait(WAIT_MS);
  }
}

/** What a settled read needs. */
interface SettledOn {
  readonly chain: Chain;
  readonly wait: (milliseconds: number) => Promise<void>;
}

/** Whether the node refused because it does not have the block yet, in the words of the usual clients. */
function lacksBlock(reply: RpcReply | undefined): boolean {
  return (
    reply?.ok === false &&
    /header not found|unknown block|block not found|not.* available/i.test(reply.failure.message)
  );
}
