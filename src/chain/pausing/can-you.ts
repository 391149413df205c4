import { EmergencyError } from "../../errors.js";
import type { Address, Hex } from "../address.js";
import type { AuthorityNode } from "../authority/node.js";
import { reach, type Reach } from "../authority/reach.js";
import { lookAt, type Block, type Chain } from "../chain.js";
import { balanceOf, gasEstimate, quantityResult, unpinned } from "../reads.js";
import type { RpcReply } from "../rpc.js";
import { decideFee, formatEth, gasLimitFor, mostWei } from "../transactions/fees.js";
import type { FundsReport, ReachReport } from "./report.js";

/** A call that one would like to be able to make. */
interface WantedCall {
  readonly to: Address;
  readonly data: Hex;
}

/** More ways to the power than this are not priced. */
const MOST_WAYS = 5;
/** Where the call cannot be estimated now, because it is made already: more than any measured pause. */
const ASSUMED_GAS = 300_000n;
/** What a Safe or a timelock takes to check its signatures and make the call, generously. */
const DETOUR_GAS = 150_000n;

/**
 * Whether the network's own accounts can make a call now: through Safes and delays, and with enough
 * ETH for the gas at the fee of this moment, decided as `pause` decides it.
 * @param authority whoever holds the power, as trees.
 */
export async function canYou(
  chain: Chain,
  block: Block,
  call: WantedCall | undefined,
  authority: readonly AuthorityNode[],
  accounts: readonly Address[],
): Promise<ReachReport> {
  if (accounts.length === 0) {
    return no("the network has no accounts");
  }
  if (authority.length === 0 || call === undefined) {
    return no("nobody was found who can");
  }
  const reaches = authority.map((node) => ({ node, reach: reach(node, accounts) }));
  const ways = reaches.filter((each) => each.reach.now).slice(0, MOST_WAYS);
  if (ways.length === 0) {
    const best = reaches.find((each) => each.reach.by.length > 0) ?? reaches[0];
    return best === undefined ? no("not known") : { ...best.reach, funds: [] };
  }
  const priced = await Promise.all(
    ways.map(async (way) => ({
      ...way,
      funds: await fundsFor(chain, block, call, way.node, way.reach, accounts),
    })),
  );
  const paid = priced.find(({ funds }) => funds.some(({ enough }) => enough));
  const [first] = priced;
  if (paid !== undefined) {
    return { ...paid.reach, funds: paid.funds };
  }
  if (first === undefined || first.funds.length === 0) {
    const why = `${first?.reach.why ?? ""}, but whether it has enough ETH for the gas is not known`;
    return { now: null, by: first?.reach.by ?? [], why, funds: [] };
  }
  return { now: false, by: first.reach.by, why: withoutGas(priced), funds: first.funds };
}

function no(why: string): ReachReport {
  return { now: false, by: [], why, funds: [] };
}

function withoutGas(
  ways: readonly { readonly reach: Reach; readonly funds: readonly FundsReport[] }[],
): string {
  const poor = ways.flatMap(({ funds }) => funds);
  const distinct = poor.filter(
    ({ account }, index) => poor.findIndex((other) => other.account === account) === index,
  );
  const has = distinct.map(
    ({ account, balanceWei }) => `${account} has ${formatEth(BigInt(balanceWei))} ETH`,
  );
  const [one] = poor;
  const needs =
    one === undefined ? "" : `, and the gas costs up to ${formatEth(BigInt(one.atMostWei))} ETH`;
  return `${ways[0]?.reach.why ?? ""}, but cannot pay for it: ${has.join(", ")}${needs}; send ETH there first`;
}

/** What each account that may send the transaction has, and what it costs. Empty where the node does not say. */
async function fundsFor(
  chain: Chain,
  block: Block,
  call: WantedCall,
  node: AuthorityNode,
  { by }: Reach,
  accounts: readonly Address[],
): Promise<readonly FundsReport[]> {
  const direct = node.members.length === 0;
  // Anybody may send what the owners of a Safe have signed: any account of ours can pay for that.
  const payers = direct ? [node.address] : [...new Set([...by, ...accounts])];
  const [estimate, gasPrice, tip, ...balances] = await lookAt(chain, block.number, [
    gasEstimate({ from: node.address, to: call.to, data: call.data }),
    unpinned("eth_gasPrice"),
    unpinned("eth_maxPriorityFeePerGas"),
    ...payers.map((payer) => balanceOf(payer)),
  ]);
  const gas = (quantityResult(estimate) ?? ASSUMED_GAS) + (direct ? 0n : DETOUR_GAS);
  return payers.flatMap((account, index) => {
    const balanceWei = quantityResult(balances[index]);
    return balanceWei === undefined
      ? []
      : [funds(chain, block, account, balanceWei, gasLimitFor(gas, block), gasPrice, tip)];
  });
}

function funds(
  chain: Chain,
  block: Block,
  account: Address,
  balanceWei: bigint,
  gasLimit: bigint,
  gasPrice: RpcReply | undefined,
  tip: RpcReply | undefined,
): FundsReport {
  const decided = (balance: bigint): ReturnType<typeof decideFee> =>
    decideFee({
      network: chain.network,
      from: account,
      block,
      suggestedTipWei: quantityResult(tip),
      gasPriceWei: quantityResult(gasPrice) ?? 0n,
      fixedGasPriceWei: chain.fixedGasPriceWei,
      gasLimit,
      valueWei: 0n,
      balanceWei: balance,
    });
  return {
    account,
    balanceWei: balanceWei.toString(),
    atMostWei: mostWei(decided(2n ** 128n), gasLimit).toString(),
    enough: affords(() => decided(balanceWei)),
  };
}

function affords(decide: () => unknown): boolean {
  try {
    decide();
    return true;
  } catch (error) {
    if (error instanceof EmergencyError && error.code === "OUT_OF_FUNDS") {
      return false;
    }
    throw error;
  }
}
