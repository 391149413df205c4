import { formatEth } from "../chain/transactions/fees.js";
import type { PausableReport, PauseCall, ReachReport } from "../chain/pausing/report.js";
import { emphasise } from "./output.js";

/** "Token (0x…)", or the address alone. */
export function nameOf({
  label,
  address,
}: {
  readonly label: string;
  readonly address: string;
}): string {
  return label === address ? address : `${label} (${address})`;
}

/** "setPaused(true) on 0x…" */
export function describe(call: PauseCall): string {
  return `${shortCall(call)} on ${call.to}`;
}

/** "setPaused(true)" */
export function shortCall({ signature, args }: PauseCall): string {
  const name = signature.slice(0, signature.indexOf("("));
  return args.length === 0 ? signature : `${name}(${args.map(shortNumber).join(", ")})`;
}

/** "setPaused(true)", and the contract where that is another one than the one that is talked of. */
export function callFrom(own: string, call: PauseCall): string {
  return call.to === own ? shortCall(call) : describe(call);
}

function shortNumber(argument: string): string {
  return /^\d{20,}$/.test(argument)
    ? `${argument.slice(0, 6)}… (${argument.length} digits)`
    : argument;
}

/**
 * A line for a terminal: storage slots and hashes are shortened in the middle, and the contract that
 * is talked of is not named again.
 */
export function compact(line: string, own: string): string {
  return line
    .replaceAll(new RegExp(` (of|on|at) ${own}\\b`, "gi"), "")
    .replaceAll(/\b0x[0-9a-f]{64}\b/gi, shortHash);
}

/** "0x187bf4c7…1ea12c" */
export function shortHash(hash: string): string {
  return `${hash.slice(0, 10)}…${hash.slice(-6)}`;
}

/** The verdict on one contract, in capitals where somebody must not miss it. */
export function headline({ verdict, paused }: PausableReport): string {
  const state = paused === null ? "" : paused ? " It is PAUSED now." : " It is not paused now.";
  switch (verdict) {
    case "pausable":
      return emphasise("good", `CAN BE PAUSED.${state}`);
    case "pausable-elsewhere":
      return emphasise("good", `CAN BE PAUSED, by a call on another contract.${state}`);
    case "not-pausable":
      return emphasise("bad", `CANNOT BE PAUSED.${state}`);
    case "unknown":
      return emphasise("warning", `CANNOT TELL whether it can be paused.${state}`);
  }
}

/** "You can, now: you have the key of 0x…, which has 12.5 ETH; the gas costs up to 0.0002 ETH". */
export function reachLine({ now, why, funds }: ReachReport): string {
  const [payer] = funds.filter(({ enough }) => enough);
  const cost =
    now !== true || payer === undefined
      ? ""
      : `; gas up to ${eth(payer.atMostWei)} ETH, ${payer.account} has ${eth(payer.balanceWei)} ETH`;
  if (now === true) {
    return `${emphasise("good", "You can, now:")} ${why}${cost}`;
  }
  return now === null
    ? `${emphasise("warning", "Whether you can is not known:")} ${why}`
    : `${emphasise("bad", "You cannot, now:")} ${why}`;
}

/** Wei as ETH with as many digits as a person reads: "9999.9983", "0.00021". */
export function eth(wei: string): string {
  const [whole = "0", fraction = ""] = formatEth(BigInt(wei)).split(".");
  const kept = whole === "0" ? /^0*\d{1,2}/.exec(fraction)?.[0] : fraction.slice(0, 4);
  return kept === undefined || kept === "" ? whole : `${whole}.${kept}`;
}
