/**
 * Where a deployment is on a chain. Ponder writes it as one number of 75 digits: 10 of the block's time in seconds,
 * 16 of the chain id, 16 of the block's number, 16 of the transaction, 1 of the kind of event, 16 of the event.
 */
export interface Checkpoint {
  readonly chain: string;
  readonly chainId: number;
  readonly block: number;
  /** Of the block, in seconds. */
  readonly timestamp: number;
}

const LENGTH = 75;

/** @returns undefined for what is no checkpoint. */
export function decodeCheckpoint(chain: string, text: string): Checkpoint | undefined {
  if (text.length !== LENGTH || !/^\d+$/.test(text)) {
    return undefined;
  }
  return {
    chain,
    chainId: Number(text.slice(10, 26)),
    block: Number(text.slice(26, 42)),
    timestamp: Number(text.slice(0, 10)),
  };
}
