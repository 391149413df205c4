import { EmergencyError } from "../../errors.js";
import type { Address } from "../address.js";
import type { Block } from "../chain.js";
import { quantity } from "../reads.js";

/** What a transaction pays, in wei per gas. */
export type Fee =
  | { readonly kind: "dynamic"; readonly maxFeeWei: bigint; readonly tipWei: bigint }
  | { readonly kind: "legacy"; readonly gasPriceWei: bigint };

/** What the fee is decided from. */
export interface FeeInputs {
  readonly network: string;
  readonly from: Address;
  readonly block: Block;
  /** `eth_maxPriorityFeePerGas`, in wei; undefined where the node does not know. */
  readonly suggestedTipWei: bigint | undefined;
  /** `eth_gasPrice`, in wei. */
  readonly gasPriceWei: bigint;
  /** Fixed in the network's configuration, in wei. */
  readonly fixedGasPriceWei: bigint | undefined;
  readonly gasLimit: bigint;
  readonly valueWei: bigint;
  readonly balanceWei: bigint;
}

/**
 * The base fee can rise by 12.5 % a block (EIP-1559), so after 15 full blocks it is 5.85 times as
 * high. A cap of six times keeps an emergency transaction valid for three minutes of full blocks;
 * only the real base fee is paid.
 */
const BASE_FEE_HEADROOM = 6n;
/** Two full blocks: less than this and the transaction may be stuck from the start. */
const LEAST_HEADROOM_PERCENT = 127n;
/** 1 gwei: ahead of ordinary transactions, and 0.00005 ETH for a pause. */
const LEAST_TIP_WEI = 1_000_000_000n;

/**
 * The fee of an emergency transaction: twice the tip that the node suggests, and a cap with room
 * for rising base fees. Where the balance does not reach for the full cap, the cap is lowered as far
 * as it is still sensible.
 * @throws EmergencyError OUT_OF_FUNDS with what is missing, in ETH.
 */
export function decideFee(inputs: FeeInputs): Fee {
  if (inputs.balanceWei < inputs.valueWei) {
    throw outOfFunds(inputs, 0n);
  }
  const affordable = (inputs.balanceWei - inputs.valueWei) / inputs.gasLimit;
  const baseFee = inputs.block.baseFeePerGas;
  if (baseFee === undefined || inputs.fixedGasPriceWei !== undefined) {
    const gasPriceWei = inputs.fixedGasPriceWei ?? (inputs.gasPriceWei * 5n) / 4n;
    if (affordable < gasPriceWei) {
      throw outOfFunds(inputs, gasPriceWei);
    }
    return { kind: "legacy", gasPriceWei };
  }
  const tip = urgentTip(inputs.suggestedTipWei ?? 0n, baseFee);
  const wanted = baseFee * BASE_FEE_HEADROOM + tip;
  if (affordable >= wanted) {
    return { kind: "dynamic", maxFeeWei: wanted, tipWei: tip };
  }
  const least = (baseFee * LEAST_HEADROOM_PERCENT) / 100n;
  if (affordable < least || affordable === 0n) {
    throw outOfFunds(inputs, least > 0n ? least : 1n);
  }
  const room = affordable - least;
  return { kind: "dynamic", maxFeeWei: affordable, tipWei: room < tip ? room : tip };
}

/**
 * Twice the suggested tip, to be ahead of others; but doubled only up to the base fee. On a quiet
 * chain the suggestion is our own last tip, and doubling it each time would run away.
 */
function urgentTip(suggestedWei: bigint, baseFeeWei: bigint): bigint {
  const doubled = suggestedWei * 2n;
  const most = larger(suggestedWei, baseFeeWei);
  return larger(doubled < most ? doubled : most, LEAST_TIP_WEI);
}

/** The fee as the fields of `eth_sendTransaction`. */
export function feeFields(fee: Fee): Record<string, string> {
  return fee.kind === "legacy"
    ? { gasPrice: quantity(fee.gasPriceWei) }
    : { maxFeePerGas: quantity(fee.maxFeeWei), maxPriorityFeePerGas: quantity(fee.tipWei) };
}

/**
 * A fee that replaces an earlier transaction with the same nonce: nodes want both fields at least
 * 10 % higher, some clients 12.5 %.
 */
export function raisedOver(fee: Fee, earlier: Readonly<Record<string, string>>): Fee {
  const raised = (wei: string | undefined): bigint => (BigInt(wei ?? "0x0") * 1125n) / 1000n + 1n;
  if (fee.kind === "legacy") {
    return { kind: "legacy", gasPriceWei: larger(fee.gasPriceWei, raised(earlier.gasPrice)) };
  }
  const { maxFeePerGas, maxPriorityFeePerGas } = earlier;
  return {
    kind: "dynamic",
    maxFeeWei: larger(fee.maxFeeWei, raised(maxFeePerGas)),
    tipWei: larger(fee.tipWei, raised(maxPriorityFeePerGas)),
  };
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** The most that a transaction can cost, in wei, without its value. */
export function mostWei(fee: Fee, gasLimit: bigint): bigint {
  return gasLimit * (fee.kind === "legacy" ? fee.gasPriceWei : fee.maxFeeWei);
}

/**
 * Gas to allow: a quarter more than estimated, because the state may be different when the
 * transaction is mined; at most what one transaction may use (2^24, EIP-7825) and a block holds.
 */
export function gasLimitFor(estimate: bigint, block: Block): bigint {
  const generous = estimate + estimate / 4n;
  const most = block.gasLimit < MAX_TRANSACTION_GAS ? block.gasLimit : MAX_TRANSACTION_GAS;
  const limit = generous < most ? generous : most;
  // A node that allows more than EIP-7825 knows its own rules better.
  return limit < estimate ? estimate : limit;
}

/** 2^24, EIP-7825 (Fusaka). */
const MAX_TRANSACTION_GAS = 16_777_216n;

/** Wei as ETH, without a rounding that hides anything: "0.00012". */
export function formatEth(wei: bigint): string {
  const sign = wei < 0n ? "-" : "";
  const absolute = wei < 0n ? -wei : wei;
  const whole = absolute / 10n ** 18n;
  const fraction = (absolute % 10n ** 18n).toString().padStart(18, "0").replace(/0+$/, "");
  return `${sign}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

function outOfFunds(inputs: FeeInputs, priceWei: bigint): EmergencyError {
  const needed = priceWei * inputs.gasLimit + inputs.valueWei;
  return new EmergencyError(
    "OUT_OF_FUNDS",
    `${inputs.from} has ${formatEth(inputs.balanceWei)} ETH on network "${inputs.network}", but the transaction needs at least ${formatEth(needed)} ETH`,
    `send at least ${formatEth(needed - inputs.balanceWei)} ETH to ${inputs.from}, or choose another account with --from`,
  );
}
