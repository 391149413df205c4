import type { Address } from "../chain/address.js";
import type { AuthorityNode } from "../chain/authority/node.js";
import { isUpgradedByCommand } from "../chain/pausing/alternatives.js";
import type { MechanismReport, PausableReport } from "../chain/pausing/report.js";
import { shortCall } from "./words.js";

/** What to type, or to do, after a contract was examined. One line, without its "Next: ". */
export function nextStep(network: string, report: PausableReport): string {
  const { verdict, paused, canYou, label, mechanisms, ours, authority } = report;
  const [best] = mechanisms;
  const command = `npx hardhat pause --network ${network} --contract ${label}`;
  switch (verdict) {
    case "not-pausable":
      return withoutPause(network, report);
    case "unknown":
      return `npx hardhat verify-pausable --network ${network} --contract ${label} with --abi file and --calls 0x…, or on a node with its whole history: what could not be known is named above`;
    case "pausable":
    case "pausable-elsewhere":
      break;
  }
  if (best === undefined) {
    return command;
  }
  const through = authority.find((node) => holdsPart(node, canYou.by))?.address ?? "whoever may";
  if (paused === true) {
    return `it is stopped already; when all is well, npx hardhat unpause --network ${network} --contract ${label}`;
  }
  const then = best.discovered ? byHand(best) : command;
  // `pause` signs as an account of the network. What a Safe decides is signed elsewhere.
  if (canYou.now === true) {
    return ours.length > 0 ? then : `have ${through} make the call: ${rawCall(best)}`;
  }
  const poor = canYou.funds.find(({ enough }) => !enough);
  if (poor !== undefined) {
    return `send ETH to ${poor.account}, then ${then}`;
  }
  if (canYou.by.length > 0) {
    return `have ${through} make the call (${canYou.why}): ${rawCall(best)}`;
  }
  const [holder] = best.callers.filter(({ proved }) => proved);
  return `ask ${holder?.address ?? "whoever may"} to make the call: ${rawCall(best)}; or add its key to networks.${network}.accounts and ${then}`;
}

function holdsPart({ address, members }: AuthorityNode, accounts: readonly Address[]): boolean {
  return accounts.includes(address) || members.some((member) => holdsPart(member, accounts));
}

/** `pause` makes only calls that it knows: what an experiment found must be put into the configuration. */
function byHand(best: MechanismReport): string {
  return `add ${shortCall(best.call)} to emergency.mechanisms in hardhat.config.ts, and pause; or send ${rawCall(best)}`;
}

function rawCall({ call }: MechanismReport): string {
  return `${call.data} to ${call.to}`;
}

function withoutPause(network: string, { upgrade, label, proxy }: PausableReport): string {
  const upgradeIt = isUpgradedByCommand(proxy?.kind)
    ? `npx hardhat upgrade --network ${network} --proxy ${label} --implementation <corrected contract>`
    : `call ${upgrade?.how ?? ""} on ${upgrade?.to ?? label}`;
  if (upgrade?.canYou.now === true) {
    return upgradeIt;
  }
  const [holder] = upgrade?.callers.filter(({ proved }) => proved) ?? [];
  return holder === undefined
    ? `npx hardhat deploy-fixed --network ${network} --contract <corrected contract> --replaces ${label}`
    : `ask ${holder.address} to upgrade it: ${upgradeIt}`;
}
