import { EmergencyError } from "../../errors.js";
import { sameAddress, type Address } from "../address.js";
import { describeHolder, whoMayCall } from "../authority/holders.js";
import type { Chain } from "../chain.js";
import { describeName } from "../label.js";
import { describeFailure } from "../revert.js";
import type { Quote } from "../transactions/quote.js";
import { sayCall } from "./pause-decision.js";
import type { PauseDirection, PauseIntent } from "./pause-intent.js";
import type { TargetedCall } from "./route.js";

/** What was tried, and how it was refused. */
export interface RefusedPause {
  readonly kind: PauseDirection;
  readonly intent: PauseIntent;
  readonly call: TargetedCall;
  readonly accounts: readonly Address[];
  /** One an account. */
  readonly quotes: readonly Quote[];
  readonly blockNumber: number;
}

/** None of the accounts may: says who may. */
export async function nobodyMay(
  chain: Chain,
  { kind, intent, call, accounts, quotes, blockNumber }: RefusedPause,
): Promise<EmergencyError> {
  const name = describeName({ label: intent.label, address: intent.contract });
  const authority = await whoMayCall(chain, call.to, call.data, blockNumber);
  const may = authority.holders.filter((holder) => holder.proved);
  const ours = may.find((holder) =>
    accounts.some((account) => sameAddress(account, holder.address)),
  );
  const refused = quotes.find((quote) => !quote.ok);
  if (ours !== undefined && refused?.ok === false) {
    return new EmergencyError(
      "OUT_OF_FUNDS",
      `${ours.address} may ${kind} ${name}, but cannot pay for the transaction: ${refused.failure.message}`,
      `send ETH to ${ours.address} on network "${chain.network}"`,
    );
  }
  const reason = refused?.ok === false ? await describeFailure(refused.failure) : "";
  const who =
    may.length > 0
      ? `These may: ${may.map(describeHolder).join("; ")}`
      : authority.holders.length > 0
        ? `Nobody was found who may now. Looked at: ${authority.holders.map(describeHolder).join("; ")}`
        : "Nobody was found who may";
  const unknown =
    authority.unknown.length > 0 ? ` Not known: ${authority.unknown.join("; ")}.` : "";
  return new EmergencyError(
    "NO_AUTHORITY",
    `none of the ${accounts.length} account(s) of network "${chain.network}" may call ${sayCall(intent, call)}: refused with ${reason}. It needs ${authority.needs}. ${who}.${unknown}`,
    may.length > 0
      ? `add the key of one of them to the accounts of network "${chain.network}" in hardhat.config.ts, or ask its holder`
      : `see who holds which power with: npx hardhat verify-pausable --contract ${intent.contract}`,
  );
}
