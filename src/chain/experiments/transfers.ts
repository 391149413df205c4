import type { Trial, TrialLog } from "./trial.js";

/** keccak256("Transfer(address,address,uint256)"), of ERC-20 and ERC-721. */
export const TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
/** keccak256("TransferSingle(address,address,address,uint256,uint256)"), of ERC-1155. */
export const TRANSFER_SINGLE = "0xc3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62";
/** keccak256("TransferBatch(address,address,address,uint256[],uint256[])"), of ERC-1155. */
export const TRANSFER_BATCH = "0x4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb";

/**
 * Whether an event tells of assets that move. A token's transfer of nothing is none: many contracts
 * make it without being asked whether they may.
 */
export function isTransfer({ topics, data }: TrialLog): boolean {
  switch (topics[0]) {
    case TRANSFER:
      // With four topics the last one is the id of an ERC-721.
      return topics.length === 4 || /[1-9a-f]/i.test(data.slice(2));
    case TRANSFER_SINGLE:
    case TRANSFER_BATCH:
      return true;
    default:
      return false;
  }
}

/** Whether a trial moves somebody's assets: tokens, by their events, or ETH. */
export function movesAssets({ ok, logs, balances }: Trial): boolean {
  return ok && (balances.length > 0 || logs.some(isTransfer));
}
